using System.Security.Cryptography;
using System.Text;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Push;

/// <summary>
/// Copies files and folders into the run's storage under the hash of their content. The same content is the same blob: what is there is not
/// sent again, so a push that broke off goes on with the file it was at.
/// </summary>
/// <param name="blobs">The run's storage.</param>
internal sealed class Pusher(IBlobStore blobs)
{
    /// <summary>Pushes a file, or a folder with all below it; names that begin with a dot are left out.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="called">What it is called in storage; null for its own name.</param>
    /// <param name="progress">Told of every piece that was read.</param>
    /// <param name="cancellation">Stops; what was finished stays.</param>
    /// <exception cref="BadInputException">There is no such file, the folder is empty, or a link in it leads out of it.</exception>
    /// <exception cref="StorageException">A file cannot be read, or storage refuses.</exception>
    public async Task<Pushed> PushAsync(string path, string? called, IProgress<PushProgress>? progress,
        CancellationToken cancellation)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var isFolder = Directory.Exists(full);
        var files = isFolder ? FilesBelow(full) : File.Exists(full) ? [new PushFile(full, "", LocalFiles.Stat(full).Length)]
            : throw new BadInputException($"There is no file or folder '{path}'.");
        if (files.Count == 0) throw new BadInputException($"The folder '{path}' has no files.");

        var meter = new Meter(progress, 2 * files.Sum(file => file.Length));
        var hashes = new List<string>();
        foreach (var file in files) hashes.Add(await HashAsync(file, meter, cancellation));
        var blob = BlobLayout.Pushed(isFolder ? HashOf(files, hashes) : hashes[0], called ?? Path.GetFileName(full));

        var there = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var entry in blobs.ListAsync(blob, cancellation)) there[entry.Path] = entry.Length;
        var uploaded = 0;
        foreach (var file in files)
        {
            var target = isFolder ? $"{blob}/{file.Name}" : blob;
            if (there.TryGetValue(target, out var length) && length == file.Length) meter.Skip(file.Length);
            else
            {
                await UploadAsync(file, target, meter, cancellation);
                uploaded++;
            }
        }
        return new(path, BlobReference.Prefix + blob, files.Count, files.Sum(file => file.Length), uploaded);
    }

    private static List<PushFile> FilesBelow(string folder) =>
        [.. FolderLinks.Files(folder).Select(file => new PushFile(file.File, file.Name, LocalFiles.Stat(file.File).Length))];

    // A folder's hash: that of its files' hashes and names, in the form of sha256sum.
    private static string HashOf(List<PushFile> files, List<string> hashes) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Zip(hashes, (file, hash) => $"{hash}  {file.Name}\n")))));

    private static async Task<string> HashAsync(PushFile file, Meter meter, CancellationToken cancellation)
    {
        await using var stream = Open(file, "reading", meter);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    private async Task UploadAsync(PushFile file, string target, Meter meter, CancellationToken cancellation)
    {
        await using var stream = Open(file, "uploading", meter);
        await blobs.UploadAsync(target, stream, cancellation);
    }

    private static CountingStream Open(PushFile file, string doing, Meter meter)
    {
        try
        {
            return new(new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20,
                FileOptions.Asynchronous | FileOptions.SequentialScan),
                meter.Begin($"{doing} {(file.Name.Length > 0 ? file.Name.Split('/')[^1] : Path.GetFileName(file.Path))}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.Failure("reading", file.Path, e);
        }
    }

    // Adds up the bytes of file after file.
    private sealed class Meter(IProgress<PushProgress>? progress, long total)
    {
        private long before;
        private long done;

        public Action<long> Begin(string doing)
        {
            before = done;
            progress?.Report(new(doing, done, total));
            return position => progress?.Report(new(doing, done = before + position, total));
        }

        public void Skip(long bytes) => done += bytes;
    }
}
