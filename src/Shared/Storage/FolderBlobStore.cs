using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace R1Cloud.Shared.Storage;

/// <summary>Blobs as files of a folder: for jobs run by hand and for tools.</summary>
/// <param name="folder">The folder; created when first written to.</param>
public sealed class FolderBlobStore(string folder) : IBlobStore
{
    // Of this process alone: what several processes share is in Azure Storage or Azurite.
    private static readonly SemaphoreSlim Replacing = new(1, 1);

    private readonly string root = Path.GetFullPath(folder);

    /// <inheritdoc/>
    public async Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default)
    {
        var file = FileOf(path);
        try
        {
            return new BinaryData(await File.ReadAllBytesAsync(file, cancellation));
        }
        catch (Exception e) when (IsGone(e, file))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("reading", file, e);
        }
    }

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        LocalFiles.TryCreateAsync(FileOf(path), async stream =>
        {
            await stream.WriteAsync(content.ToMemory(), cancellation);
            return true;
        });

    /// <inheritdoc/>
    public async Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        await TryReadAsync(path, cancellation) is { } content
            ? new(content, Convert.ToHexStringLower(SHA256.HashData(content.ToMemory().Span)))
            : null;

    /// <inheritdoc/>
    public async Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default)
    {
        await Replacing.WaitAsync(cancellation);
        try
        {
            if ((await TryReadVersionAsync(path, cancellation))?.Version != version) return false;
            await WriteAsync(path, content, cancellation);
            return true;
        }
        finally
        {
            Replacing.Release();
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        LocalFiles.TryReplaceAsync(FileOf(path), async stream =>
        {
            await stream.WriteAsync(content.ToMemory(), cancellation);
            return true;
        });

    /// <inheritdoc/>
    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        LocalFiles.TryReplaceAsync(FileOf(path), async stream =>
        {
            content.Position = 0;
            await content.CopyToAsync(stream, cancellation);
            return true;
        });

    /// <inheritdoc/>
    public async Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default)
    {
        var file = FileOf(path);
        try
        {
            await using var source = BlobStoreFiles.OpenRead(file);
            await source.CopyToAsync(destination, cancellation);
            return true;
        }
        catch (Exception e) when (IsGone(e, file))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        var file = FileOf(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read);
            await stream.WriteAsync(content.ToMemory(), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("appending to", file, e);
        }
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => Task.FromResult(File.Exists(FileOf(path)));

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        // The deepest folder that holds every match; the rest of the prefix is compared as text.
        var folders = prefix[..Math.Max(0, prefix.LastIndexOf('/'))];
        var start = folders.Length == 0 ? root : FileOf(folders);
        if (!Directory.Exists(start)) yield break;
        var found = new DirectoryInfo(start).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Extension != ".tmp")
            .Select(file => (Path: Path.GetRelativePath(root, file.FullName).Replace('\\', '/'), File: file))
            .Where(entry => entry.Path.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(entry => entry.Path, StringComparer.Ordinal);
        foreach (var (path, file) in found)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryDescribe(path, file) is { } entry) yield return entry;
        }
    }

    // No look beforehand: a file may be deleted between any look and the next. What is not a file, such as a folder, is not a blob either.
    private static bool IsGone(Exception error, string file) => error switch
    {
        StorageException { InnerException: { } cause } => IsGone(cause, file),
        FileNotFoundException or DirectoryNotFoundException => true,
        IOException or UnauthorizedAccessException => !File.Exists(file),
        _ => false,
    };

    private static BlobEntry? TryDescribe(string path, FileInfo file)
    {
        try
        {
            // The listing may have looked at it long ago.
            file.Refresh();
            return new BlobEntry(path, file.Length, new DateTimeOffset(file.LastWriteTimeUtc));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default)
    {
        var file = FileOf(path);
        if (!File.Exists(file)) return Task.FromResult(false);
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("deleting", file, e);
        }
        return Task.FromResult(true);
    }

    private string FileOf(string path) => SafePath.Join(root, path).FullName;
}
