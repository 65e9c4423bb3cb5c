using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.ModelFiles;

/// <summary>A model in storage: a folder of blobs, or one GGUF file.</summary>
internal static class StoredModel
{
    /// <summary>Fetches it, without subfolders but for chat templates.</summary>
    /// <param name="blobs">The storage.</param>
    /// <param name="reference">Its <c>blob:PATH</c>.</param>
    /// <param name="scratch">A folder for it.</param>
    /// <param name="name">What it is called there.</param>
    /// <param name="isWanted">Which files of a folder's top to fetch; null for all of them.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The folder, or the file with <c>.gguf</c> behind its name; null where storage has neither.</returns>
    public static async Task<string?> FetchAsync(IBlobStore blobs, string reference, string scratch, string name,
        Func<string, bool>? isWanted, CancellationToken cancellation)
    {
        var path = reference[BlobReference.Prefix.Length..];
        var prefix = path.TrimEnd('/') + "/";
        var folder = Directory.CreateDirectory(Path.Combine(scratch, name)).FullName;
        var isFolder = false;
        await foreach (var blob in blobs.ListAsync(prefix, cancellation))
        {
            var part = blob.Path[prefix.Length..];
            var isTaken = part.Contains('/', StringComparison.Ordinal)
                ? Path.GetDirectoryName(part) == TokenizerFiles.ChatTemplates : isWanted?.Invoke(part) != false;
            isFolder |= isTaken && await blobs.TryDownloadAsync(blob.Path, SafePath.Join(folder, part), cancellation);
        }
        if (isFolder) return folder;
        var file = SafePath.Join(scratch, name + ".gguf");
        return await blobs.TryDownloadAsync(path, file, cancellation) ? file.FullName : null;
    }
}
