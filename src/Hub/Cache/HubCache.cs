using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Cache;

/// <summary>
/// The cache of the Hub's own client, read and written as that does, so that both share what either has fetched: contents under
/// <c>blobs/</c> by their hash, <c>snapshots/COMMIT</c> of relative links to them, <c>refs/REVISION</c> and <c>trees/COMMIT.json</c>.
/// </summary>
/// <param name="settings">Where it is.</param>
public sealed class HubCache(HubSettings settings)
{
    private const int TreeFormat = 1;

    /// <summary>The commit that a revision was when it was last asked for; null where it never was.</summary>
    public string? CommitOf(HubRepository repository, string revision)
    {
        if (HubName.IsCommit(revision)) return revision;
        var file = Below(repository, "refs", revision);
        return File.Exists(file) && File.ReadAllText(file).Trim() is var commit && HubName.IsCommit(commit) ? commit : null;
    }

    /// <summary>Remembers it.</summary>
    public void SetCommit(HubRepository repository, string revision, string commit)
    {
        if (HubName.IsCommit(revision) || CommitOf(repository, revision) == commit) return;
        Replace(Below(repository, "refs", revision), commit);
    }

    /// <summary>All files of a commit; null where nobody listed them.</summary>
    public IReadOnlyList<HubFile>? Tree(HubRepository repository, string commit)
    {
        var file = Below(repository, "trees", commit + ".json");
        if (!File.Exists(file)) return null;
        try
        {
            var tree = JsonNode.Parse(File.ReadAllText(file)) as JsonObject;
            if (tree?["format_version"]?.GetValue<int>() != TreeFormat) return null;
            return [.. tree["files"]!.AsObject().Select(entry => new HubFile(entry.Key, entry.Value!["size"]!.GetValue<long>(),
                entry.Value["blob_id"]!.GetValue<string>(), entry.Value["lfs_sha256"]?.GetValue<string>()))
                .Select(Checked).OrderBy(each => each.Path, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            return null; // torn, or another's: it is listed again
        }
    }

    /// <summary>Remembers them.</summary>
    public void SetTree(HubRepository repository, string commit, IReadOnlyList<HubFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var entries = new JsonObject();
        foreach (var file in files)
        {
            var entry = new JsonObject { ["size"] = file.Size, ["blob_id"] = file.BlobId };
            if (file.Sha256 is { } sha256) (entry["lfs_sha256"], entry["lfs_size"]) = (sha256, file.Size);
            entries[file.Path] = entry;
        }
        Replace(Below(repository, "trees", commit + ".json"),
            new JsonObject { ["format_version"] = TreeFormat, ["files"] = entries }.ToJsonString());
    }

    /// <summary>A tree's file, if its name and hashes are such.</summary>
    /// <exception cref="HubException">They are not: names could lead out of the folder.</exception>
    internal static HubFile Checked(HubFile file) =>
        SafePath.IsName(file.Path) && file.Size >= 0 && HubName.IsCommit(file.BlobId)
            && (file.Sha256 is null || IsSha256(file.Sha256))
            ? file : throw new HubException(HubProblem.Refused, $"The Hub lists a file that cannot be one: {file}");

    /// <summary>The folder of a commit's files, there or not.</summary>
    public string Snapshot(HubRepository repository, string commit) => Below(repository, "snapshots", commit);

    /// <summary>Where a content is, there or not.</summary>
    public string Blob(HubRepository repository, string etag) => Below(repository, "blobs", etag);

    /// <summary>The lock that is held while a content is fetched.</summary>
    internal string Lock(HubRepository repository, string etag) =>
        SafePath.Join(settings.CacheFolder, $".locks/{Named(repository)}/{etag}.lock").FullName;

    /// <summary>The note that a content's hash was seen to be right, as the Hub's own client compares no hashes.</summary>
    internal string Proof(HubRepository repository, string etag) => Below(repository, ".verified", etag);

    /// <summary>A commit's files that are in the cache, where nobody listed them all: older clients did not.</summary>
    internal IReadOnlyList<HubFile> Present(HubRepository repository, string commit)
    {
        var folder = Snapshot(repository, commit);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => File.Exists(file) && new FileInfo(file).LinkTarget is not null)
            .Select(file => (Name: Path.GetRelativePath(folder, file).Replace('\\', '/'), File: file, Etag: Path.GetFileName(
                new FileInfo(file).LinkTarget!)))
            .Where(found => HubName.IsCommit(found.Etag) || IsSha256(found.Etag))
            .Select(found => new HubFile(found.Name, LocalFiles.Stat(found.File).Length,
                HubName.IsCommit(found.Etag) ? found.Etag : found.Etag[..40], IsSha256(found.Etag) ? found.Etag : null))
            .OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>Gives a content its name in a snapshot: by a relative link, or where there can be none, by a copy.</summary>
    internal void Link(HubRepository repository, string commit, HubFile file)
    {
        var blob = Blob(repository, file.Etag);
        var link = Below(repository, "snapshots", $"{commit}/{file.Path}");
        var folder = Path.GetDirectoryName(link)!;
        Directory.CreateDirectory(folder);
        var temporary = $"{link}.{Guid.NewGuid():n}.tmp";
        try
        {
            if (settings.PlainFiles || !TryLink(temporary, Path.GetRelativePath(folder, blob))) File.Copy(blob, temporary);
            File.Move(temporary, link, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Makes the cache a folder that backups pass over, as the Hub's own client does.</summary>
    internal void Tag()
    {
        var tag = Path.Combine(settings.CacheFolder, "CACHEDIR.TAG");
        if (File.Exists(tag)) return;
        Replace(tag, "Signature: 8a477f597d28d172789f06886806bc55\n"
            + "# This folder is a cache of the Hub's files: what it holds can be fetched again.\n");
    }

    private static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static bool TryLink(string link, string target)
    {
        try
        {
            File.CreateSymbolicLink(link, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false; // a disk, or an account, without links
        }
    }

    private static string Named(HubRepository repository) => repository.FolderName;

    private string Below(HubRepository repository, params ReadOnlySpan<string> parts) =>
        SafePath.Join(settings.CacheFolder, $"{Named(repository)}/{string.Join('/', parts.ToArray())}").FullName;

    private static void Replace(string file, string text)
    {
        var temporary = $"{file}.{Guid.NewGuid():n}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(temporary, text);
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("writing", file, e);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }
}
