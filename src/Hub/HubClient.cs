using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Downloading;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub;

/// <summary>How far a fetch is.</summary>
/// <param name="File">The file that came last.</param>
/// <param name="Done">Bytes that are there.</param>
/// <param name="Total">Bytes of all files.</param>
public readonly record struct HubProgress(string File, long Done, long Total);

/// <summary>Resolves names on the Hub to commits, lists their files and brings them into the cache.</summary>
/// <param name="http">Asks the Hub.</param>
public sealed partial class HubClient(HubHttp http)
{
    private const int AtATime = 4;
    private const int MostFiles = 100_000;

    private readonly HubCache cache = new(http.Settings);

    /// <summary>Where the Hub is, and the cache.</summary>
    public HubSettings Settings => http.Settings;

    /// <summary>The commit that a revision is.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">A branch, a tag, a commit or a full reference; null for the default branch.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HubException">There is none, or it is not for us; a repository that was renamed is called by its new
    /// name.</exception>
    public async Task<string> ResolveAsync(HubRepository repository, string? revision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(repository);
        var name = revision ?? "main";
        if (HubName.IsCommit(name) && cache.Tree(repository, name) is not null) return name;
        if (Settings.IsOffline)
            return cache.CommitOf(repository, name) ?? throw new HubException(HubProblem.Offline,
                $"{repository}@{name}: HF_HUB_OFFLINE is set, and the cache in {Settings.CacheFolder} does not know this revision.");
        var url = revision is null ? $"{Settings.Endpoint}/{repository.ApiPath}"
            : HubAddress.Of(Settings, repository.ApiPath, "revision", revision);
        using var info = await HubJson.AskAsync(http, new(HttpMethod.Get, url, $"{repository}@{name}"), cancellation);
        if (info.Json.RootElement.ValueKind != JsonValueKind.Object || !info.Json.RootElement.TryGetProperty("sha", out var sha)
            || !HubName.IsCommit(sha.GetString()))
            throw new HubException(HubProblem.Refused, $"{repository}@{name}: {Settings.Endpoint} names no commit: it is no Hub.");
        if (info.Json.RootElement.TryGetProperty("id", out var id) && id.GetString() is { } now && now != repository.Name)
            throw new HubException(HubProblem.Renamed,
                $"{repository} is called {now} by now: name it so, as others may take the old name.");
        Kept(() => cache.SetCommit(repository, name, sha.GetString()!));
        return sha.GetString()!;
    }

    /// <summary>All files of a commit.</summary>
    /// <exception cref="HubException">They cannot be listed.</exception>
    public async Task<IReadOnlyList<HubFile>> FilesAsync(HubRepository repository, string commit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(repository);
        if (cache.Tree(repository, commit) is { } known) return known;
        if (Settings.IsOffline && cache.Present(repository, commit) is { Count: > 0 } present) return present;
        var files = await ListAsync(repository, commit, cancellation);
        Kept(() => cache.SetTree(repository, commit, files));
        return files;
    }

    /// <summary>The same as the Hub says now; the cache is neither read nor written.</summary>
    internal async Task<IReadOnlyList<HubFile>> ListAsync(HubRepository repository, string commit, CancellationToken cancellation)
    {
        var files = new List<HubFile>();
        var next = HubAddress.Of(Settings, repository.ApiPath, "tree", commit) + "?recursive=true&expand=false";
        for (string? url = next; url is not null; url = next)
        {
            using var page = await HubJson.AskAsync(http, new(HttpMethod.Get, url, $"{repository}@{commit}"), cancellation);
            files.AddRange(FilesOf(page.Json.RootElement, $"{repository}@{commit}"));
            if (files.Count > MostFiles)
                throw new HubException(HubProblem.Refused, $"{repository}@{commit} has more than {MostFiles} files.");
            next = page.Link is { } link && Next().Match(link) is { Success: true } match ? match.Groups[1].Value : null;
            if (next == url) throw new HubException(HubProblem.Refused, $"{repository}@{commit}: the list of files leads in a circle.");
        }
        files.Sort((one, other) => string.CompareOrdinal(one.Path, other.Path));
        return files;
    }

    /// <summary>One file of a commit.</summary>
    /// <exception cref="HubException">There is none of that name.</exception>
    public async Task<HubFile> FileAsync(HubRepository repository, string commit, string path, CancellationToken cancellation) =>
        (await FilesAsync(repository, commit, cancellation)).FirstOrDefault(file => file.Path == path)
        ?? throw new HubException(HubProblem.MissingFile, $"{repository}@{commit}: there is no file '{path}'.");

    /// <summary>Brings files of a commit into the cache.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="files">Some of its files.</param>
    /// <param name="progress">Told of what came.</param>
    /// <param name="cancellation">Stops; what came stays.</param>
    /// <returns>The snapshot's folder, which holds these files and maybe others.</returns>
    /// <exception cref="HubException">A file cannot be had.</exception>
    /// <exception cref="StorageException">A file cannot be kept.</exception>
    public async Task<string> FetchAsync(HubRepository repository, string commit, IReadOnlyList<HubFile> files,
        IProgress<HubProgress>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(files);
        var folder = cache.Snapshot(repository, commit);
        var download = new BlobDownload(http, cache);
        var (done, total) = (new Dictionary<string, long>(), files.Sum(file => file.Size));
        if (files.Any(file => !File.Exists(cache.Blob(repository, file.Etag)))) Written(cache.Tag);
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellation },
            async (file, stop) =>
            {
                var name = SafePath.Join(folder, file.Path).FullName;
                await download.EnsureAsync(repository, commit, file, came => Report(file, came), stop);
                if (!IsNamed(name, cache.Blob(repository, file.Etag), file)) Written(() => cache.Link(repository, commit, file));
                Report(file, file.Size);
            });
        return folder;

        void Report(HubFile file, long came)
        {
            lock (done)
            {
                done[file.Path] = came;
                progress?.Report(new(file.Path, done.Values.Sum(), total));
            }
        }
    }

    // A link to the content, or a plain copy of it where there are no links.
    private static bool IsNamed(string name, string blob, HubFile file) => File.Exists(name)
        && (RealPath.Of(name) == RealPath.Of(blob) || new FileInfo(name) is { LinkTarget: null } plain && plain.Length == file.Size);

    private static void Kept(Action write)
    {
        try
        {
            write();
        }
        catch (StorageException)
        {
            // A cache that cannot be written has what it has: the Hub is asked again next time.
        }
    }

    private void Written(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("writing into the Hub's cache (HF_HUB_CACHE)", Settings.CacheFolder, e);
        }
    }

    private static List<HubFile> FilesOf(JsonElement page, string what)
    {
        try
        {
            return [.. page.EnumerateArray().Where(entry => entry.GetProperty("type").GetString() == "file").Select(FileOf)
                .Select(HubCache.Checked)];
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new HubException(HubProblem.Refused, $"{what}: the list of files has another form than the Hub's: {e.Message}", e);
        }
    }

    private static HubFile FileOf(JsonElement entry) => new(entry.GetProperty("path").GetString()!, entry.GetProperty("size").GetInt64(),
        entry.GetProperty("oid").GetString()!, entry.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object
            ? lfs.GetProperty("oid").GetString() : null);

    [GeneratedRegex("<([^>]+)>\\s*;\\s*rel=\"next\"")]
    private static partial Regex Next();
}
