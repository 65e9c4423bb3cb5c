using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// A running attempt's sign of life: keeps its message hidden from other workers and publishes its progress. When the message is lost to
/// another worker, <see cref="Lost"/> fires: this attempt's result would come too late.
/// </summary>
internal sealed partial class Heartbeat : IAsyncDisposable
{
    private readonly HeldMessage message;
    private readonly IBlobStore blobs;
    private readonly StoragePatience patience;
    private readonly JobSpec spec;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource lost = new();
    private readonly Task beating;
    private JobProgress latest;

    /// <summary>Begins to beat.</summary>
    public Heartbeat(
        HeldMessage message, IBlobStore blobs, StoragePatience patience, JobSpec spec, string attempt, CompletionTail tail,
            WorkerOptions options, TimeProvider time,
        ILogger log)
    {
        (this.message, this.blobs, this.patience, this.spec, this.time, this.log) = (message, blobs, patience, spec, time, log);
        latest = new(spec.JobId, attempt, options.Name, 0, 0, new Dictionary<string, double>(), time.GetUtcNow());
        timeout = TimeSpan.FromSeconds(spec.Retry.HeartbeatTimeoutSeconds);
        var first = TimeSpan.FromTicks(Math.Min(options.Visibility.Ticks, timeout.Ticks) / 4);
        beating = Task.WhenAll(RenewAsync(first), PublishAsync(options.ProgressInterval),
            PublishTailAsync(tail, attempt, options.Name, options.TailInterval));
    }

    /// <summary>Fires when another worker has the job.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Whether it was lost because storage did not answer in time.</summary>
    public bool LostToStorage { get; private set; }

    /// <summary>Takes note of progress; it is published with the next beat.</summary>
    public void Report(int step, int steps, IReadOnlyDictionary<string, double> metrics) =>
        Volatile.Write(ref latest, latest with { Step = step, Steps = steps, Metrics = metrics, UpdatedAt = time.GetUtcNow() });

    /// <summary>Stops beating: the message is as last renewed.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await beating;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
        lost.Dispose();
    }

    private async Task RenewAsync(TimeSpan first)
    {
        var missed = false;
        for (var wait = first; ; wait = missed ? first : timeout / 4)
        {
            try
            {
                await Task.Delay(wait, time, stopping.Token);
                if (!await message.RenewAsync(timeout))
                {
                    LogLost(log, spec.JobId);
                    LostToStorage = missed;
                    await lost.CancelAsync();
                    return;
                }
                missed = false;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException e)
            {
                // Storage is away: the job goes on, and the next beat tries again.
                missed = true;
                LogMissed(log, e.Message);
            }
        }
    }

    // Beside the renewals: blobs may be away while the queue is there.
    private async Task PublishAsync(TimeSpan interval)
    {
        var published = latest;
        while (true)
        {
            try
            {
                await Task.Delay(interval, time, stopping.Token);
                var word = Volatile.Read(ref latest);
                word = word with { Waiting = patience.Waiting, StorageWait = Math.Round(patience.WaitedSeconds) };
                if (word == published) continue;
                await blobs.WriteJsonAsync(BlobLayout.JobProgress(spec.RunId, spec.JobId), word, stopping.Token);
                published = word;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException e)
            {
                LogMissed(log, e.Message);
            }
        }
    }

    // What is written of it is as old as the interval, so that many completions a second are one blob.
    private async Task PublishTailAsync(CompletionTail tail, string attempt, string worker, TimeSpan interval)
    {
        var published = 0L;
        while (true)
        {
            try
            {
                await Task.Delay(interval, time, stopping.Token);
                if (tail.Added is var added && added == published) continue;
                await blobs.WriteJsonAsync(BlobLayout.LiveSamples(spec.RunId, worker),
                    new LiveSamples(spec.JobId, attempt, worker, tail.Read()), stopping.Token);
                published = added;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException e)
            {
                LogMissed(log, e.Message);
            }
        }
    }

    [LoggerMessage(2101, LogLevel.Warning, "{Job}: another worker took its message, this attempt is given up")]
    private static partial void LogLost(ILogger log, string job);

    [LoggerMessage(2102, LogLevel.Warning, "A heartbeat was missed: {Error}")]
    private static partial void LogMissed(ILogger log, string error);
}
