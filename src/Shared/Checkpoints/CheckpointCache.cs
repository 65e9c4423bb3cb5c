using System.Security.Cryptography;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Checkpoints;

/// <summary>
/// A node's checkpoints, one folder each, named by the manifest's hash: two manifests never share a folder, and a folder of that name is
/// whole. Several processes may use the cache at once.
/// </summary>
/// <param name="root">The cache's folder.</param>
internal sealed class CheckpointCache(string root)
{
    /// <summary>Checkpoints kept at least.</summary>
    private const int Kept = 4;

    /// <summary>One used more recently may still be being read.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(10);

    /// <summary>The checkpoint's folder, verified, or null when it is not here. One that fails the test is thrown away.</summary>
    public async Task<string?> TryGetAsync(BinaryData manifestContent, CheckpointManifest manifest, CancellationToken cancellation)
    {
        var folder = FolderOf(manifestContent);
        if (!Directory.Exists(folder)) return null;
        try
        {
            foreach (var (name, file) in manifest.Files)
            {
                var path = SafePath.Join(folder, name).FullName;
                await using var source = BlobStoreFiles.OpenRead(path);
                CheckpointStore.Verify(file, source.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(source, cancellation)),
                    path);
            }
            Directory.SetLastWriteTimeUtc(folder, TimeProvider.System.GetUtcNow().UtcDateTime);
            return folder;
        }
        catch (Exception e) when (e is CheckpointCorruptException or StorageException or IOException or UnauthorizedAccessException)
        {
            // The blobs are the truth: whatever is wrong here, fetching anew mends it or names it.
            LocalFiles.TryDeleteFolder(folder);
            return null;
        }
    }

    /// <summary>Adds a checkpoint: filled under a temporary name, then renamed.</summary>
    /// <returns>Its folder.</returns>
    public async Task<string> AddAsync(BinaryData manifestContent, Func<string, Task> fill)
    {
        var folder = FolderOf(manifestContent);
        var temporary = $"{folder}.{Guid.NewGuid():n}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            await fill(temporary);
            Prune();
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another worker of this node was first with the same files.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("writing", folder, e);
        }
        finally
        {
            LocalFiles.TryDeleteFolder(temporary);
        }
        return folder;
    }

    private string FolderOf(BinaryData manifestContent) =>
        Path.Combine(root, Convert.ToHexStringLower(SHA256.HashData(manifestContent.ToMemory().Span))[..32]);

    private void Prune()
    {
        var folders = new DirectoryInfo(root).GetDirectories().OrderByDescending(folder => folder.LastWriteTimeUtc);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        foreach (var folder in folders.Skip(Kept).Where(folder => Instants.Between(folder.LastWriteTimeUtc, now) > InUse))
            LocalFiles.TryDeleteFolder(folder.FullName);
    }
}
