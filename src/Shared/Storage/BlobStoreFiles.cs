namespace R1Cloud.Shared.Storage;

/// <summary>Blobs to and from local files.</summary>
public static class BlobStoreFiles
{
    private const int BufferSize = 1 << 20;

    /// <summary>Creates or replaces a blob from a file.</summary>
    /// <exception cref="StorageException">The file cannot be read, or storage refuses.</exception>
    public static async Task UploadAsync(this IBlobStore blobs, string path, string file, CancellationToken cancellation = default)
    {
        await using var source = OpenRead(file);
        await blobs.UploadAsync(path, source, cancellation);
    }

    /// <summary>Writes a blob to a file, whole or not at all: a file of this name is a finished download.</summary>
    /// <returns>False when there is no such blob.</returns>
    /// <exception cref="StorageException">The blob cannot be read or the file not written, e.g. because the disk is full.</exception>
    public static Task<bool> TryDownloadAsync(this IBlobStore blobs, string path, SafePath file,
        CancellationToken cancellation = default) =>
        LocalFiles.TryReplaceAsync(file.FullName, destination => blobs.TryDownloadAsync(path, destination, cancellation));

    internal static FileStream OpenRead(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Cannot read '{file}': {e.Message}", e);
        }
    }
}
