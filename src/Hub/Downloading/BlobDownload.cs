using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Downloading;

/// <summary>
/// Fetches one content into the cache. What has come is in a partial file of a name that the next process finds, and is continued by
/// <c>Range</c>; it becomes the content once its hash is right, and only then. A signed link that has expired is asked for again.
/// </summary>
/// <param name="http">Asks.</param>
/// <param name="cache">Takes the content.</param>
internal sealed class BlobDownload(HubHttp http, HubCache cache)
{
    private const string PartialEnd = ".r1.incomplete";
    private const int MostWrongContents = 3;

    private static readonly TimeSpan OthersStall = TimeSpan.FromMinutes(1);

    /// <summary>Makes sure that the cache has a file's content.</summary>
    /// <exception cref="HubException">It cannot be had.</exception>
    /// <exception cref="StorageException">It cannot be kept.</exception>
    public async Task EnsureAsync(HubRepository repository, string commit, HubFile file, Action<long> came, CancellationToken cancellation)
    {
        var blob = cache.Blob(repository, file.Etag);
        if (await IsProvenAsync(repository, file, blob, cancellation)) return;
        var partial = blob + PartialEnd;
        using var taken = await CacheLock.TakeAsync(cache.Lock(repository, file.Etag), () => File.Exists(blob), () => Growth(blob),
            OthersStall,
            http.Patience.Clock, cancellation);
        if (await IsProvenAsync(repository, file, blob, cancellation)) return;
        try
        {
            await FetchAsync(repository, commit, file, partial, blob, came, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("writing", partial, e);
        }
        Prove(repository, file, blob);
    }

    private async Task FetchAsync(HubRepository repository, string commit, HubFile file, string partial, string blob, Action<long> came,
        CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        for (var wrong = 0; ; wrong++)
        {
            await using (var target = OpenPartial(ref partial))
            {
                using var hash = new ContentHash(file);
                if (target.Length > file.Size) target.SetLength(0);
                await hash.AppendAsync(target, cancellation);
                came(target.Position);
                if (target.Position < file.Size) await new FileTransfer(http, repository, commit, file).RunAsync(target, hash, came,
                    cancellation);
                if (hash.Result() == file.Etag) break;
            }
            File.Delete(partial);
            if (wrong + 1 >= MostWrongContents)
                throw new HubException(HubProblem.WrongContent,
                    $"{repository}@{commit} {file.Path}: what came {wrong + 1} times has not the hash {file.Etag}.");
        }
        File.Move(partial, blob, overwrite: true);
    }

    // A partial that somebody else writes, in spite of the lock, is left to them.
    private static FileStream OpenPartial(ref string partial)
    {
        try
        {
            return Open(partial);
        }
        catch (IOException) when (File.Exists(partial))
        {
            partial = $"{partial[..^PartialEnd.Length]}.{Guid.NewGuid().ToString("n")[..8]}{PartialEnd}";
            return Open(partial);
        }

        static FileStream Open(string file) => new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0,
            FileOptions.Asynchronous); // no buffer: what came is there even if the process is gone
    }

    // The bytes that anybody's partials of this content have: ours, and those of the Hub's own client.
    private static long Growth(string blob) => new DirectoryInfo(Path.GetDirectoryName(blob)!) is { Exists: true } folder
        ? folder.EnumerateFiles(Path.GetFileName(blob) + "*incomplete").Sum(file => file.Exists ? file.Length : 0) : 0;

    // A content that another client fetched was never compared by its hash: that is done once, and noted.
    private async Task<bool> IsProvenAsync(HubRepository repository, HubFile file, string blob, CancellationToken cancellation)
    {
        if (!File.Exists(blob)) return false;
        var (length, writtenAt) = LocalFiles.Stat(blob);
        if (length == file.Size && Noted(cache.Proof(repository, file.Etag)) == Note(length, writtenAt)) return true;
        if (!await ContentHash.IsOfAsync(file, blob, cancellation))
        {
            if (http.Settings.IsOffline)
                throw new HubException(HubProblem.WrongContent, $"{repository} {file.Path}: '{blob}' in the cache is damaged; without "
                    + "HF_HUB_OFFLINE it is fetched again.");
            return false;
        }
        Prove(repository, file, blob);
        return true;
    }

    private void Prove(HubRepository repository, HubFile file, string blob)
    {
        try
        {
            var (length, writtenAt) = LocalFiles.Stat(blob);
            var note = cache.Proof(repository, file.Etag);
            Directory.CreateDirectory(Path.GetDirectoryName(note)!);
            File.WriteAllText(note, Note(length, writtenAt));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be written is read as it is, and its contents are hashed again.
        }
    }

    private static string? Noted(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // nothing is known then
        }
    }

    private static string Note(long length, DateTime writtenAt) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{length} {writtenAt.Ticks}");
}
