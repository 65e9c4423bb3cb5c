using System.Collections.Concurrent;
using System.Security.Cryptography;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Checkpoints;

/// <summary>
/// A node's checkpoints, a folder for each part of one, named by the manifest's hash: two manifests never share a folder, and a folder of
/// that name is whole. Several processes may use the cache at once.
/// </summary>
/// <param name="root">The cache's folder.</param>
/// <param name="part">The part that is looked for or added.</param>
internal sealed class CheckpointCache(string root, CheckpointPart part)
{
    // Folders kept at least.
    private const int Kept = 4;

    // One used more recently may still be being read.
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(10);

    // Files that this process has hashed, as they were then: hashing 30 GB again takes longer than a small job.
    private static readonly ConcurrentDictionary<string, (long Length, DateTime WrittenAt)> Hashed = new(StringComparer.Ordinal);

    /// <summary>The part's folder, verified, or null when it is not here. One that fails the test is thrown away.</summary>
    public async Task<string?> TryGetAsync(
        BinaryData manifestContent, IEnumerable<KeyValuePair<string, CheckpointFile>> files, CancellationToken cancellation)
    {
        var folder = FolderOf(manifestContent);
        if (!Directory.Exists(folder)) return null;
        try
        {
            foreach (var (name, file) in files) await VerifyAsync(SafePath.Join(folder, name).FullName, file, cancellation);
            Directory.SetLastWriteTimeUtc(folder, TimeProvider.System.GetUtcNow().UtcDateTime);
            return folder;
        }
        catch (Exception e) when (e is CheckpointCorruptException or StorageException or IOException or UnauthorizedAccessException)
        {
            // The blobs are the truth: whatever is wrong here, fetching again mends it or names it.
            LocalFiles.TryDeleteFolder(folder);
            return null;
        }
    }

    /// <summary>Adds a part: filled under a temporary name, its files verified, then renamed.</summary>
    /// <returns>Its folder.</returns>
    public async Task<string> AddAsync(
        BinaryData manifestContent, IEnumerable<KeyValuePair<string, CheckpointFile>> files, Func<string, Task> fill)
    {
        var folder = FolderOf(manifestContent);
        var temporary = $"{folder}.{Guid.NewGuid():n}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            await fill(temporary);
            Prune();
            Directory.Move(temporary, folder);
            foreach (var (name, _) in files) Remember(SafePath.Join(folder, name).FullName);
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

    /// <summary>
    /// Puts a base's files under those of a folder. Weights are linked: many adapters share them. What is read by name from a folder must
    /// lie in it, and is small: it is copied.
    /// </summary>
    public static void LayOver(string below, string folder)
    {
        foreach (var file in Directory.EnumerateFiles(below, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(below, file));
            if (File.Exists(target)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (file.EndsWith(".safetensors", StringComparison.Ordinal) && !OperatingSystem.IsWindows())
                File.CreateSymbolicLink(target, file);
            else File.Copy(file, target);
        }
    }

    private static async Task VerifyAsync(string path, CheckpointFile file, CancellationToken cancellation)
    {
        await using var source = BlobStoreFiles.OpenRead(path);
        var known = Hashed.TryGetValue(path, out var then) && then == (source.Length, File.GetLastWriteTimeUtc(path));
        CheckpointStore.Verify(file, source.Length,
            known ? file.Sha256 : Convert.ToHexStringLower(await SHA256.HashDataAsync(source, cancellation)), path);
        if (!known) Remember(path);
    }

    private static void Remember(string path)
    {
        var file = new FileInfo(path);
        Hashed[path] = (file.Length, file.LastWriteTimeUtc);
    }

    private string FolderOf(BinaryData manifestContent)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(manifestContent.ToMemory().Span))[..32];
        return Path.Combine(root, part == CheckpointPart.State ? name + "-state" : name);
    }

    private void Prune()
    {
        var folders = new DirectoryInfo(root).GetDirectories().OrderByDescending(folder => folder.LastWriteTimeUtc);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        foreach (var folder in folders.Skip(Kept).Where(folder => Instants.Between(folder.LastWriteTimeUtc, now) > InUse))
        {
            LocalFiles.TryDeleteFolder(folder.FullName);
            foreach (var path in Hashed.Keys.Where(path => path.StartsWith(folder.FullName + Path.DirectorySeparatorChar,
                StringComparison.Ordinal))) Hashed.TryRemove(path, out _);
        }
    }
}
