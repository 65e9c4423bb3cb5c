using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>Blobs whose every operation waits for its turn.</summary>
internal sealed class SteppedBlobs(IBlobStore inner, Step step) : IBlobStore
{
    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.TryReadAsync(path, cancellation));

    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.TryCreateAsync(path, content, cancellation));

    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.TryReadVersionAsync(path, cancellation));

    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.TryReplaceAsync(path, content, version, cancellation));

    public async Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        await step();
        await inner.WriteAsync(path, content, cancellation);
    }

    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) => throw new NotSupportedException();

    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) => throw new NotSupportedException();

    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.ExistsAsync(path, cancellation));

    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) =>
        InTurnAsync(() => inner.DeleteAsync(path, cancellation));

    private async Task<T> InTurnAsync<T>(Func<Task<T>> run)
    {
        await step();
        return await run();
    }
}
