using System.Collections.Concurrent;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Blobs that say what was read and written, and let a test step in before a write.</summary>
internal sealed class RecordedBlobs(IBlobStore inner) : IBlobStore
{
    /// <summary>What was read or downloaded, in order.</summary>
    public ConcurrentQueue<string> Reads { get; } = new();

    /// <summary>What was written, in order.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Called with the path before a write: a worker dies there by an exception.</summary>
    public Func<string, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default)
    {
        Reads.Enqueue(path);
        return inner.TryReadAsync(path, cancellation);
    }

    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default)
    {
        Reads.Enqueue(path);
        return inner.TryDownloadAsync(path, destination, cancellation);
    }

    public async Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        await WriteAsync(path);
        return await inner.TryCreateAsync(path, content, cancellation);
    }

    public async Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        await WriteAsync(path);
        await inner.WriteAsync(path, content, cancellation);
    }

    public async Task UploadAsync(string path, Stream content, CancellationToken cancellation = default)
    {
        await WriteAsync(path);
        await inner.UploadAsync(path, content, cancellation);
    }

    public async Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        await WriteAsync(path);
        await inner.AppendAsync(path, content, cancellation);
    }

    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        inner.TryReadVersionAsync(path, cancellation);

    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        inner.TryReplaceAsync(path, content, version, cancellation);

    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => inner.ExistsAsync(path, cancellation);

    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default) =>
        inner.ListAsync(prefix, cancellation);

    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) => inner.DeleteAsync(path, cancellation);

    private async Task WriteAsync(string path)
    {
        await BeforeWrite(path);
        Writes.Enqueue(path);
    }
}
