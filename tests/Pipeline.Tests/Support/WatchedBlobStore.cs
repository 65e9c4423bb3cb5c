using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Blobs in a folder of their own, with a place to look on and to play storage errors.</summary>
internal sealed class WatchedBlobStore : IBlobStore, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("r1-blobs-").FullName;
    private readonly FolderBlobStore inner;

    public WatchedBlobStore() => inner = new(folder);

    /// <summary>Called with every path that is read or written; throws to play a storage error.</summary>
    public Action<string> OnAccess { get; set; } = _ => { };

    /// <summary>Called with every path that is removed; throws to play a storage error.</summary>
    public Action<string> OnDelete { get; set; } = _ => { };

    /// <summary>Called with every prefix that is listed.</summary>
    public Action<string> OnList { get; set; } = _ => { };

    /// <summary>All blobs.</summary>
    public IReadOnlyList<string> Paths => [.. inner.ListAsync("").ToBlockingEnumerable().Select(blob => blob.Path)];

    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        Watched(path).TryReadAsync(path, cancellation);

    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        Watched(path).TryCreateAsync(path, content, cancellation);

    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        Watched(path).TryReadVersionAsync(path, cancellation);

    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        Watched(path).TryReplaceAsync(path, content, version, cancellation);

    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        Watched(path).WriteAsync(path, content, cancellation);

    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        Watched(path).UploadAsync(path, content, cancellation);

    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default) =>
        Watched(path).TryDownloadAsync(path, destination, cancellation);

    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        Watched(path).AppendAsync(path, content, cancellation);

    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => inner.ExistsAsync(path, cancellation);

    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default)
    {
        OnList(prefix);
        return inner.ListAsync(prefix, cancellation);
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default)
    {
        OnDelete(path);
        return inner.DeleteAsync(path, cancellation);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private FolderBlobStore Watched(string path)
    {
        OnAccess(path);
        return inner;
    }
}
