using System.Diagnostics;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>What this process uses of its machine and of the storage, and how its time goes.</summary>
/// <param name="options">The worker.</param>
/// <param name="working">Its time with and without a job.</param>
/// <param name="traffic">What it sends to the storage and receives; null where that is not counted.</param>
/// <param name="time">The clock.</param>
internal sealed class MachineUse(WorkerOptions options, WorkingTime working, StorageTraffic? traffic, TimeProvider time)
{
    private readonly GpuMonitor gpus = new(options.Gpus);
    private (long At, TimeSpan Used)? before;

    /// <summary>Takes the figures; the processors' since the last time.</summary>
    public WorkerResources Measure()
    {
        using var process = Process.GetCurrentProcess();
        var (at, used) = (time.GetTimestamp(), process.TotalProcessorTime);
        var (since, earlier) = before ?? (at, used);
        var wall = time.GetElapsedTime(since, at).TotalSeconds * Environment.ProcessorCount;
        before = (at, used);
        var (busy, idle) = working.Read();
        return new()
        {
            At = time.GetUtcNow(),
            Cpu = wall > 0 ? Math.Round(Math.Clamp((used - earlier).TotalSeconds / wall, 0, 1), 3) : null,
            Threads = Environment.ProcessorCount,
            MemoryBytes = process.WorkingSet64,
            MemoryLimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Gpus = gpus.Read(),
            CacheBytes = options.CacheFolder is { } cache && Directory.Exists(cache) ? Bytes(cache) : null,
            DiskFreeBytes = Path.GetPathRoot(Path.GetFullPath(options.ScratchFolder)) is not null
                ? new DriveInfo(Path.GetFullPath(options.ScratchFolder)).AvailableFreeSpace : null,
            WorkingSeconds = Math.Round(busy.TotalSeconds, 1),
            IdleSeconds = Math.Round(idle.TotalSeconds, 1),
            StorageRequests = traffic?.Requests,
            SentBytes = traffic?.SentBytes,
            ReceivedBytes = traffic?.ReceivedBytes,
        };
    }

    private static long Bytes(string folder)
    {
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true,
            IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Removed meanwhile: it takes no room any more.
            }
        }
        return bytes;
    }
}
