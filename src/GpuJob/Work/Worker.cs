using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>Takes a run's jobs from its queue, one at a time, until told to stop or the run has ended.</summary>
internal sealed partial class Worker(StorageConnection storage, JobHandlerRegistry handlers, WorkerOptions options, TimeProvider time,
    ILogger log)
{
    private static readonly TimeSpan StorageDelay = TimeSpan.FromSeconds(1);

    private readonly WorkingTime working = new(time);

    /// <summary>Why it left with an error; null when it did not.</summary>
    public string? Reason { get; private set; }

    /// <summary>Works.</summary>
    /// <param name="preemption">Fires when the worker must stop: the job at hand is saved and put back.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public async Task<int> RunAsync(CancellationToken preemption)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(preemption);
        var use = new MachineUse(options, working, storage.Traffic, time);
        var reports = new ResourceReports(storage.Blobs, options, use.Measure, time, log);
        var telling = Task.Run(() => reports.RunAsync(ended.Token), CancellationToken.None);
        try
        {
            return await TakeJobsAsync(preemption);
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    private async Task<int> TakeJobsAsync(CancellationToken preemption)
    {
        var queue = storage.Queue(BlobLayout.JobQueue(options.RunId));
        var execution = new JobExecution(storage, queue, handlers, options, time, log);
        LogReady(log, options.Name, options.RunId, storage.Endpoint);
        var last = time.GetTimestamp();
        while (!preemption.IsCancellationRequested)
        {
            try
            {
                var messages = await queue.ReceiveAsync(1, options.Visibility, preemption);
                if (messages is [var message])
                {
                    var delivery = await working.DuringAsync(() => execution.RunAsync(message, preemption));
                    last = time.GetTimestamp();
                    if (delivery == Delivery.Refused) Reason = execution.Refusal;
                    if (ExitCode(delivery) is { } code) return code;
                    continue;
                }
                var idle = time.GetElapsedTime(last);
                if (idle > options.IdleLimit) break;
                await Task.Delay(Wait(idle), time, preemption);
            }
            catch (OperationCanceledException) when (preemption.IsCancellationRequested)
            {
                break;
            }
            catch (StorageException e) when (e.IsMissing)
            {
                if (await WithoutQueueAsync(preemption) is { } code) return code;
                if (time.GetElapsedTime(last) > options.IdleLimit) break;
            }
            catch (StorageException e)
            {
                LogStorageAway(log, e.Message);
                await Task.Delay(StorageDelay, time, preemption).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return ExitCodes.Done;
    }

    private static int? ExitCode(Delivery delivery) => delivery switch
    {
        Delivery.Preempted => ExitCodes.Preempted,
        Delivery.Tainted => ExitCodes.Retryable,
        Delivery.Refused => ExitCodes.Outdated,
        _ => null,
    };

    // The run has no queue: it is about to begin, or it has ended, or there is none.
    // Returns the code to leave with; null to go on waiting.
    private async Task<int?> WithoutQueueAsync(CancellationToken preemption)
    {
        try
        {
            if (!await storage.Blobs.ExistsAsync(BlobLayout.RunSpec(options.RunId), preemption))
            {
                Reason = $"There is no run '{options.RunId}' in {storage.Endpoint}.";
                return ExitCodes.BadInput;
            }
            var generation = 0;
            await foreach (var blob in storage.Blobs.ListAsync(BlobLayout.Generations(options.RunId), preemption))
                generation = Math.Max(generation, BlobLayout.GenerationOf(blob.Path));
            if (await storage.Blobs.ExistsAsync(BlobLayout.RunEnded(options.RunId, generation), preemption))
            {
                LogRunOver(log, options.RunId);
                return ExitCodes.Done;
            }
        }
        catch (OperationCanceledException) when (preemption.IsCancellationRequested)
        {
            return null;
        }
        catch (StorageException e)
        {
            LogStorageAway(log, e.Message);
        }
        await Task.Delay(StorageDelay, time, preemption).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    // Short jobs are noticed at once, long ones within 2 % of their duration, and an idle worker stays quiet.
    private TimeSpan Wait(TimeSpan idle) => TimeSpan.FromTicks(Math.Clamp(idle.Ticks / 50, options.PollMin.Ticks, options.PollMax.Ticks));

    [LoggerMessage(2201, LogLevel.Information, "{Worker} takes the jobs of run {Run} from {Endpoint}")]
    private static partial void LogReady(ILogger log, string worker, string run, string endpoint);

    [LoggerMessage(2202, LogLevel.Information, "Run {Run} has ended: nothing is left to do")]
    private static partial void LogRunOver(ILogger log, string run);

    [LoggerMessage(2203, LogLevel.Warning, "{Error} Trying again")]
    private static partial void LogStorageAway(ILogger log, string error);
}
