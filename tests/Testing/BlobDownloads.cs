using R1Cloud.Shared.Storage;

namespace R1Cloud.Testing;

/// <summary>Downloads to files that a test names itself.</summary>
public static class BlobDownloads
{
    /// <summary>Writes a blob to a file.</summary>
    public static Task<bool> TryDownloadAsync(this IBlobStore blobs, string path, string file, CancellationToken cancellation = default) =>
        blobs.TryDownloadAsync(path, SafePath.Join(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file)), cancellation);
}
