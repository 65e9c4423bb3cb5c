using Microsoft.Extensions.Logging;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// A running attempt's sign of life: keeps its message hidden from other workers and publishes its progress. When the message is lost to
/// another worker, <see cref="Lost"/> fires: this attempt's result would come too late.
/// </summary>
internal sealed partial class Heartbeat : IAsyncDisposable
{
    private readonly IMessageQueue queue;
    private readonly IBlobStore blobs;
    private readonly string progressPath;
    private readonly TimeSpan timeout;
    private readonly TimeSpan progressInterval;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource lost = new();
    private readonly Task beating;
    private QueueMessage message;
    private JobProgress? latest;

    /// <summary>Begins to beat.</summary>
    public Heartbeat(IMessageQueue queue, QueueMessage message, IBlobStore blobs, JobSpec spec, WorkerOptions options, TimeProvider time, ILogger log)
    {
        (this.queue, this.message, this.blobs, this.time, this.log) = (queue, message, blobs, time, log);
        progressPath = BlobLayout.JobProgress(spec.RunId, spec.JobId);
        timeout = TimeSpan.FromSeconds(spec.Retry.HeartbeatTimeoutSeconds);
        progressInterval = options.ProgressInterval;
        beating = BeatAsync(TimeSpan.FromTicks(Math.Min(options.Visibility.Ticks, timeout.Ticks) / 4));
    }

    /// <summary>Fires when another worker has the job.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Takes note of progress; it is published with the next beat.</summary>
    public void Report(JobProgress progress) => Volatile.Write(ref latest, progress);

    /// <summary>Stops beating.</summary>
    /// <returns>The message as last renewed.</returns>
    public async Task<QueueMessage> StopAsync()
    {
        await stopping.CancelAsync();
        await beating;
        return message;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
        lost.Dispose();
    }

    private async Task BeatAsync(TimeSpan first)
    {
        var renewAt = time.GetUtcNow() + first;
        JobProgress? published = null;
        while (true)
        {
            try
            {
                await Task.Delay(progressInterval < first ? progressInterval : first, time, stopping.Token);
                if (Volatile.Read(ref latest) is { } progress && progress != published)
                {
                    await blobs.WriteJsonAsync(progressPath, progress, stopping.Token);
                    published = progress;
                }
                if (time.GetUtcNow() < renewAt) continue;
                // Not cancelled half-way: the receipt would be lost with the answer.
                if (await queue.RenewAsync(message, timeout, CancellationToken.None) is not { } renewed)
                {
                    LogLost(log, message.Id);
                    await lost.CancelAsync();
                    return;
                }
                message = renewed;
                renewAt = time.GetUtcNow() + timeout / 4;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException e)
            {
                // Storage is away: the job goes on, and the next beat tries again.
                LogMissed(log, e.Message);
            }
        }
    }

    [LoggerMessage(2101, LogLevel.Warning, "Message {Id} was taken by another worker: this attempt is given up")]
    private static partial void LogLost(ILogger log, string id);

    [LoggerMessage(2102, LogLevel.Warning, "A heartbeat was missed: {Error}")]
    private static partial void LogMissed(ILogger log, string error);
}
