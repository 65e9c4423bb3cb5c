using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Checkpoints;

/// <summary>
/// Checkpoints in blob storage. The files lie under the writing attempt's own name and the manifest, created last and only if there is
/// none, makes them a checkpoint: a torn one is never seen, and of two writers the first wins.
/// </summary>
/// <param name="blobs">Where they are.</param>
public sealed class CheckpointStore(IBlobStore blobs)
{
    /// <summary>The name of the table of contents within a checkpoint's folder.</summary>
    public const string ManifestName = "manifest.json";

    /// <summary>The environment variable that names a node's cache of checkpoints.</summary>
    public const string CacheVariable = "R1_CACHE";

    private const int Transfers = 4;

    /// <summary>Uploads a folder's files as a checkpoint, hashing them on the way.</summary>
    /// <param name="prefix">The checkpoint's path, ending with a slash; see <see cref="BlobLayout.Checkpoint"/>.</param>
    /// <param name="stage">The stage that made it.</param>
    /// <param name="step">The step or iteration that it stands after.</param>
    /// <param name="attempt">The writing attempt's unique name.</param>
    /// <param name="parent">The checkpoint that it grew from, if any.</param>
    /// <param name="folder">The local folder whose files make it up.</param>
    /// <param name="below">The checkpoint whose model they are laid over; null where they are a whole one.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The manifest that counts: another attempt's when that was first, and then this one's files are removed.</returns>
    /// <exception cref="StorageException">A file cannot be read or storage does not answer; no checkpoint was made.</exception>
    public Task<CheckpointManifest> WriteAsync(
        string prefix, string stage, int step, string attempt, string? parent, string folder, string? below = null,
            CancellationToken cancellation = default) =>
        WriteAsync(prefix, stage, step, attempt, parent, folder,
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')), below, cancellation);

    /// <summary>Uploads files of a folder as a checkpoint, hashing them on the way.</summary>
    /// <param name="prefix">The checkpoint's path, ending with a slash.</param>
    /// <param name="stage">The stage that made it.</param>
    /// <param name="step">The step or iteration that it stands after.</param>
    /// <param name="attempt">The writing attempt's unique name.</param>
    /// <param name="parent">The checkpoint that it grew from, if any.</param>
    /// <param name="folder">The local folder.</param>
    /// <param name="names">Those of its files that make it up; with slashes where they lie deeper.</param>
    /// <param name="below">The checkpoint whose model they are laid over; null where they are a whole one.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The manifest that counts: another attempt's when that was first, and then this one's files are removed.</returns>
    /// <exception cref="StorageException">A file cannot be read or storage does not answer; no checkpoint was made.</exception>
    /// <exception cref="BadInputException">A file is a link out of the folder.</exception>
    public async Task<CheckpointManifest> WriteAsync(
        string prefix, string stage, int step, string attempt, string? parent, string folder, IEnumerable<string> names,
            string? below = null, CancellationToken cancellation = default)
    {
        var files = new ConcurrentDictionary<string, CheckpointFile>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(names, Parallelism(cancellation), async (name, stop) =>
        {
            var path = $"{prefix}{attempt}/{name}";
            await using var source = BlobStoreFiles.OpenRead(FolderLinks.Resolve(folder, name));
            await using var hashing = new HashingStream(source);
            await blobs.UploadAsync(path, hashing, stop);
            files[name] = new CheckpointFile(path, source.Length, await hashing.FinishAsync(stop));
        });
        if (files.IsEmpty) throw new StorageException($"Checkpoint '{prefix}' would be empty: there are no files to write.");

        var manifest = new CheckpointManifest
        {
            Stage = stage, Step = step, Attempt = attempt, Parent = parent, Base = below,
            Files = new SortedDictionary<string, CheckpointFile>(files, StringComparer.Ordinal),
        };
        if (await blobs.TryCreateJsonAsync(prefix + ManifestName, manifest, cancellation)) return manifest;

        var winner = await ReadAsync(prefix, cancellation);
        if (winner.Attempt != attempt) await DeleteFilesAsync($"{prefix}{attempt}/", cancellation);
        return winner;
    }

    /// <summary>A checkpoint's manifest; null when there is none.</summary>
    /// <exception cref="CheckpointCorruptException">It is not valid.</exception>
    public async Task<CheckpointManifest?> TryReadAsync(string prefix, CancellationToken cancellation = default) =>
        await blobs.TryReadAsync(prefix + ManifestName, cancellation) is { } content ? Parse(prefix, content) : null;

    /// <summary>A checkpoint's manifest.</summary>
    /// <exception cref="CheckpointNotFoundException">There is none.</exception>
    /// <exception cref="CheckpointCorruptException">It is not valid.</exception>
    public async Task<CheckpointManifest> ReadAsync(string prefix, CancellationToken cancellation = default) =>
        Parse(prefix, await blobs.TryReadAsync(prefix + ManifestName, cancellation) ?? throw new CheckpointNotFoundException(prefix));

    /// <summary>Looks whether a stored checkpoint is whole: every file's length, and the SHA-256 of files up to a size.</summary>
    /// <param name="prefix">The checkpoint's path, ending with a slash.</param>
    /// <param name="hashUpTo">Larger files are not read: the worker that fetches one verifies it.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Its manifest.</returns>
    /// <exception cref="CheckpointNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="CheckpointCorruptException">A file is missing or differs from the manifest.</exception>
    public async Task<CheckpointManifest> VerifyAsync(string prefix, long hashUpTo, CancellationToken cancellation = default)
    {
        var manifest = await ReadAsync(prefix, cancellation);
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var blob in blobs.ListAsync(prefix, cancellation)) lengths[blob.Path] = blob.Length;
        await Parallel.ForEachAsync(manifest.Files.Values, Parallelism(cancellation), async (file, stop) =>
        {
            if (!lengths.TryGetValue(file.Path, out var length)) throw Missing(file);
            var sha256 = length == file.Length && length <= hashUpTo ? await HashAsync(file, stop) : file.Sha256;
            Verify(file, length, sha256, file.Path);
        });
        if (manifest.Base is { } below) await VerifyAsync(below, hashUpTo, cancellation);
        return manifest;
    }

    /// <summary>All files of a checkpoint's model by name: its own, and under them those of its base.</summary>
    /// <exception cref="CheckpointNotFoundException">There is no such checkpoint, or its base is gone.</exception>
    /// <exception cref="CheckpointCorruptException">A manifest is not valid.</exception>
    public async Task<IReadOnlyDictionary<string, CheckpointFile>> ModelFilesAsync(string prefix, CancellationToken cancellation = default)
    {
        var manifest = await ReadAsync(prefix, cancellation);
        var files = new SortedDictionary<string, CheckpointFile>(StringComparer.Ordinal);
        var below = manifest.Base is { } other ? (await ReadAsync(other, cancellation)).FilesOf(CheckpointPart.Model) : [];
        foreach (var (name, file) in below.Concat(manifest.FilesOf(CheckpointPart.Model))) files[name] = file;
        return files;
    }

    /// <summary>
    /// Brings the files of a checkpoint's part to this node, size and SHA-256 of each verified; what is here already is not fetched again.
    /// </summary>
    /// <param name="prefix">The checkpoint's path, ending with a slash.</param>
    /// <param name="part">The part; the others' files are not asked for.</param>
    /// <param name="cacheFolder">The node's cache; it may be shared by the node's workers.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The folder with the files, to be read only.</returns>
    /// <exception cref="CheckpointNotFoundException">There is no such checkpoint.</exception>
    /// <exception cref="CheckpointCorruptException">A file is missing or differs from the manifest, or there is no such part.</exception>
    /// <exception cref="StorageException">Storage does not answer, or the disk is full.</exception>
    public async Task<string> DownloadAsync(string prefix, CheckpointPart part, string cacheFolder,
        CancellationToken cancellation = default)
    {
        var content = await blobs.TryReadAsync(prefix + ManifestName, cancellation) ?? throw new CheckpointNotFoundException(prefix);
        var manifest = Parse(prefix, content);
        var files = manifest.FilesOf(part).ToList();
        if (files.Count == 0) throw new CheckpointCorruptException($"Checkpoint '{prefix}' has no files of its {Name(part)}.");
        var below = part == CheckpointPart.Model && manifest.Base is { } other
            ? await DownloadAsync(other, part, cacheFolder, cancellation) : null;
        var cache = new CheckpointCache(cacheFolder, part);
        if (await cache.TryGetAsync(content, files, cancellation) is { } cached) return cached;
        return await cache.AddAsync(content, files, async folder =>
        {
            await Parallel.ForEachAsync(files, Parallelism(cancellation),
                async (file, stop) => await FetchAsync(file.Key, file.Value, folder, stop));
            if (below is not null) CheckpointCache.LayOver(below, folder);
        });
    }

    /// <summary>The checkpoint with the highest step under a prefix, e.g. a stage's <c>runs/{run}/checkpoints/{stage}/</c>.</summary>
    /// <returns>Its path, or null when there is none with a manifest.</returns>
    public async Task<string?> TryFindLatestAsync(string prefix, CancellationToken cancellation = default)
    {
        (int Step, string? Prefix) latest = (-1, null);
        await foreach (var blob in blobs.ListAsync(prefix, cancellation))
        {
            if (!blob.Path.EndsWith("/" + ManifestName, StringComparison.Ordinal)) continue;
            var checkpoint = blob.Path[..^ManifestName.Length];
            var name = checkpoint.TrimEnd('/').Split('/')[^1];
            if (name.StartsWith("step-", StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var step)
                && step > latest.Step) latest = (step, checkpoint);
        }
        return latest.Prefix;
    }

    /// <summary>
    /// Removes a checkpoint with the training state that may lie apart, manifests first, so that neither is ever seen in part. Removing one
    /// that is gone does nothing.
    /// </summary>
    public async Task DeleteAsync(string prefix, CancellationToken cancellation = default)
    {
        await blobs.DeleteAsync(BlobLayout.TrainingState(prefix) + ManifestName, cancellation);
        await blobs.DeleteAsync(prefix + ManifestName, cancellation);
        await DeleteFilesAsync(prefix, cancellation);
    }

    private async ValueTask FetchAsync(string name, CheckpointFile file, string folder, CancellationToken cancellation)
    {
        var (length, sha256) = (0L, "");
        var found = await LocalFiles.TryReplaceAsync(SafePath.Join(folder, name).FullName, async destination =>
        {
            await using var hashing = new HashingStream(destination);
            if (!await blobs.TryDownloadAsync(file.Path, hashing, cancellation)) return false;
            (length, sha256) = (hashing.Hashed, await hashing.FinishAsync(cancellation));
            return true;
        });
        if (!found) throw Missing(file);
        Verify(file, length, sha256, file.Path);
    }

    private async Task<string> HashAsync(CheckpointFile file, CancellationToken cancellation)
    {
        await using var hashing = new HashingStream(Stream.Null);
        return await blobs.TryDownloadAsync(file.Path, hashing, cancellation)
            ? await hashing.FinishAsync(cancellation) : throw Missing(file);
    }

    private static CheckpointCorruptException Missing(CheckpointFile file) =>
        new($"Checkpoint file '{file.Path}' is missing although the manifest lists it.");

    internal static void Verify(CheckpointFile file, long length, string sha256, string place)
    {
        if (length != file.Length)
            throw new CheckpointCorruptException($"Checkpoint file '{place}' has {length} bytes; its manifest says {file.Length}.");
        if (sha256 != file.Sha256)
            throw new CheckpointCorruptException($"Checkpoint file '{place}' has SHA-256 {sha256}; its manifest says {file.Sha256}.");
    }

    private static CheckpointManifest Parse(string prefix, BinaryData content)
    {
        try
        {
            var manifest = content.ToObjectFromJson<CheckpointManifest>(R1Json.Options);
            return manifest is { Files.Count: > 0 } && manifest.Files.Keys.All(SafePath.IsName)
                ? manifest
                : throw new CheckpointCorruptException(
                    $"Checkpoint manifest '{prefix}{ManifestName}' lists no files, or files that would lie outside of its folder.");
        }
        catch (JsonException e)
        {
            throw new CheckpointCorruptException($"Checkpoint manifest '{prefix}{ManifestName}' is not valid: {e.Message}", e);
        }
    }

    private async Task DeleteFilesAsync(string prefix, CancellationToken cancellation) =>
        await Parallel.ForEachAsync(blobs.ListAsync(prefix, cancellation), Parallelism(cancellation),
            async (blob, stop) => await blobs.DeleteAsync(blob.Path, stop));

    private static string Name(CheckpointPart part) => part == CheckpointPart.State ? "training state" : "model";

    private static ParallelOptions Parallelism(CancellationToken cancellation) =>
        new() { MaxDegreeOfParallelism = Transfers, CancellationToken = cancellation };
}
