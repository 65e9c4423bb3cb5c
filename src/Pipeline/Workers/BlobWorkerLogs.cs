using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Workers;

/// <summary>
/// The output that nodes upload when a worker ends. A worker that was started several times has left several files: they are read as one,
/// the oldest first.
/// </summary>
internal sealed class BlobWorkerLogs(IBlobStore blobs) : IWorkerLogs
{
    private const long LongestFile = 64 << 20;

    /// <inheritdoc/>
    public async Task<WorkerLogPart?> ReadAsync(string runId, string worker, WorkerLogRange range, CancellationToken cancellation = default)
    {
        var files = new List<BlobEntry>();
        await foreach (var blob in blobs.ListAsync(BlobLayout.WorkerLogs(runId, worker).TrimEnd('/'), cancellation))
        {
            if (IsOf(worker, blob.Path)) files.Add(blob);
        }
        if (files.Count == 0) return null;
        files.Sort((a, b) => (a.ModifiedAt, a.Path).CompareTo((b.ModifiedAt, b.Path)));

        var size = files.Sum(file => file.Length);
        var (from, count) = range.In(size);
        using var part = new MemoryStream();
        var place = 0L;
        foreach (var file in files)
        {
            var end = place + file.Length;
            if (end > from && place < from + count)
            {
                var content = await ReadAsync(file, cancellation);
                var begin = (int)Math.Clamp(from - place, 0, content.Length);
                part.Write(content.Span[begin..(int)Math.Clamp(from + count - place, begin, content.Length)]);
            }
            place = end;
        }
        return WorkerLogPart.Cut(worker, range, from, size, part.ToArray(), grows: false);
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(BlobEntry file, CancellationToken cancellation)
    {
        if (file.Length > LongestFile)
            throw new StorageException(
                $"'{file.Path}' has {file.Length} bytes, more than {LongestFile}: too many to be shown here. Download it.");
        return (await blobs.TryReadAsync(file.Path, cancellation))?.ToMemory() ?? ReadOnlyMemory<byte>.Empty;
    }

    // .../workers/worker-0/stdout.txt, and .../workers/worker-0-3/stderr.txt of its third start.
    private static bool IsOf(string worker, string path) =>
        path.Split('/') is [.., var folder, var file] && file.EndsWith(".txt", StringComparison.Ordinal)
        && (folder == worker
            || (folder.StartsWith(worker + "-", StringComparison.Ordinal) && folder[(worker.Length + 1)..].All(char.IsAsciiDigit)));
}
