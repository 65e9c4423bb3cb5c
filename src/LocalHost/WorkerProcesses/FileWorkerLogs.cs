using R1Cloud.Pipeline.Workers;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>The output of this machine's worker processes, which is kept in files.</summary>
/// <param name="file">A worker's file, by run and worker.</param>
internal sealed class FileWorkerLogs(Func<string, string, string> file) : IWorkerLogs
{
    /// <inheritdoc/>
    public async Task<WorkerLogPart?> ReadAsync(string runId, string worker, WorkerLogRange range, CancellationToken cancellation = default)
    {
        var path = file(runId, worker);
        if (!File.Exists(path)) return null;
        // Its writer may put it aside meanwhile.
        await using var log = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var size = log.Length;
        var (from, count) = range.In(size);
        log.Position = from;
        var bytes = new byte[count];
        var read = await log.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellation);
        return WorkerLogPart.Cut(worker, range, from, size, bytes.AsSpan(0, read), grows: true);
    }
}
