namespace R1Cloud.Shared.Storage;

/// <summary>Blobs whose every write is one of <see cref="CrashPoints"/>.</summary>
/// <param name="inner">The blobs.</param>
internal sealed class CrashingBlobStore(IBlobStore inner) : IBlobStore
{
    /// <inheritdoc/>
    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) => inner.TryReadAsync(path, cancellation);

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path), () => inner.TryCreateAsync(path, content, cancellation));

    /// <inheritdoc/>
    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        inner.TryReadVersionAsync(path, cancellation);

    /// <inheritdoc/>
    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path), () => inner.TryReplaceAsync(path, content, version, cancellation));

    /// <inheritdoc/>
    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path), () => inner.WriteAsync(path, content, cancellation));

    /// <inheritdoc/>
    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path), () => inner.UploadAsync(path, content, cancellation));

    /// <inheritdoc/>
    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default) =>
        inner.TryDownloadAsync(path, destination, cancellation);

    /// <inheritdoc/>
    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path), () => inner.AppendAsync(path, content, cancellation));

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => inner.ExistsAsync(path, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default) =>
        inner.ListAsync(prefix, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, int pageSize, CancellationToken cancellation = default) =>
        inner.ListAsync(prefix, pageSize, cancellation);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) =>
        AtAsync(BlobPoints.Of(path) + BlobPoints.Removed, () => inner.DeleteAsync(path, cancellation));

    private static async Task<T> AtAsync<T>(string point, Func<Task<T>> write)
    {
        CrashPoints.Before(point);
        var written = await write();
        CrashPoints.After(point);
        return written;
    }

    private static Task<bool> AtAsync(string point, Func<Task> write) => AtAsync(point, async () =>
    {
        await write();
        return true;
    });
}
