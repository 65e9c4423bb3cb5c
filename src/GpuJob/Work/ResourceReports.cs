using Microsoft.Extensions.Logging;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>Reports at intervals what a worker uses of its machine, with its last minutes.</summary>
/// <param name="blobs">Where it is reported.</param>
/// <param name="options">The worker.</param>
/// <param name="measure">Takes the figures.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed partial class ResourceReports(IBlobStore blobs, WorkerOptions options, Func<WorkerResources> measure, TimeProvider time,
    ILogger log)
{
    /// <summary>Measurements that are kept.</summary>
    public const int Kept = 60;

    private readonly Queue<WorkerResources> last = new();

    /// <summary>Tells until stopped. What goes wrong here is written down and does not disturb the work.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await blobs.WriteJsonAsync(BlobLayout.WorkerResources(options.RunId, options.Name), Next(), stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StorageException or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                LogMissed(log, e.Message);
            }
            await Task.Delay(options.ResourceInterval, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private WorkerResources Next()
    {
        var now = measure();
        last.Enqueue(now);
        if (last.Count > Kept) last.Dequeue();
        return now with
        {
            History = new([.. last.Select(one => one.At)], [.. last.Select(one => one.Cpu ?? 0)],
                [.. last.Select(one => one.MemoryBytes ?? 0)],
                [.. last.Where(one => one.Gpus is { Count: > 0 }).Select(one => one.Gpus!.Average(gpu => gpu.Utilisation))]),
        };
    }

    [LoggerMessage(2301, LogLevel.Debug, "What this worker uses could not be reported: {Error}")]
    private static partial void LogMissed(ILogger log, string error);
}
