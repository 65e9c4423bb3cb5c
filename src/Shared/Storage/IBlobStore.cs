namespace R1Cloud.Shared.Storage;

/// <summary>Durable blobs: Azure Storage, Azurite, or a folder (jobs run by hand). Paths use forward slashes.</summary>
/// <remarks>
/// Network errors are retried inside; what still fails throws <see cref="StorageException"/> naming the operation and the path.
/// Files, JSON and plain reads by name: <see cref="BlobStoreFiles"/> and <see cref="BlobStoreJson"/>.
/// </remarks>
public interface IBlobStore
{
    /// <summary>The blob's bytes, or null when there is none.</summary>
    Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default);

    /// <summary>Creates the blob when there is none.</summary>
    /// <returns>False when it exists: it is left as it is. True when this very call made it, even if it had to be retried on the
    /// way.</returns>
    Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default);

    /// <summary>The blob's bytes and the version that <see cref="TryReplaceAsync"/> asks for; null when there is none.</summary>
    Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default);

    /// <summary>Replaces the blob if it is still the version that was read.</summary>
    /// <returns>False when it is another by now, or gone: it is left as it is. True when this very call replaced it, be it after a
    /// retry.</returns>
    Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default);

    /// <summary>Creates or replaces the blob.</summary>
    Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default);

    /// <summary>
    /// Creates or replaces the blob from a seekable stream, which is read from its start in pieces (again, where a piece is retried).
    /// </summary>
    Task UploadAsync(string path, Stream content, CancellationToken cancellation = default);

    /// <summary>Writes the blob's bytes, in order, to a stream.</summary>
    /// <returns>False when there is no such blob; nothing is written then.</returns>
    Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default);

    /// <summary>Appends to an append blob, creating it when there is none. A retry never appends twice.</summary>
    Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default);

    /// <summary>Whether the blob exists.</summary>
    Task<bool> ExistsAsync(string path, CancellationToken cancellation = default);

    /// <summary>Blobs whose path begins with a prefix, by path.</summary>
    IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default);

    /// <summary>The same for somebody who needs the first few alone: no more than a page of them is asked for at once.</summary>
    IAsyncEnumerable<BlobEntry> ListAsync(string prefix, int pageSize, CancellationToken cancellation = default) =>
        ListAsync(prefix, cancellation);

    /// <summary>Removes a blob.</summary>
    /// <returns>False when there was none.</returns>
    Task<bool> DeleteAsync(string path, CancellationToken cancellation = default);
}

/// <summary>A blob's bytes at one moment.</summary>
/// <param name="Content">The bytes.</param>
/// <param name="Version">What tells this state of the blob from others.</param>
public sealed record VersionedBlob(BinaryData Content, string Version);

/// <summary>A blob in a listing.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="ModifiedAt">When it last changed.</param>
public sealed record BlobEntry(string Path, long Length, DateTimeOffset ModifiedAt);
