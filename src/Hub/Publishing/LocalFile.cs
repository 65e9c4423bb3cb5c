using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Downloading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Publishing;

/// <summary>A file to publish.</summary>
/// <param name="Name">Its name in the repository.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Sha256">Its SHA-256.</param>
/// <param name="GitSha1">Git's SHA-1 of it.</param>
internal sealed record LocalFile(string Name, string Path, long Size, string Sha256, string GitSha1)
{
    /// <summary>Reads a file once for its hashes.</summary>
    public static async Task<LocalFile> ReadAsync(string name, string path, CancellationToken cancellation)
    {
        await using var content = RegularFile.OpenRead(path);
        var size = content.Length;
        using var sha256 = new ContentHash(new HubFile(name, size, "", ""));
        using var sha1 = new ContentHash(new HubFile(name, size, "", null));
        var buffer = new byte[1 << 20];
        for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
        {
            sha256.Append(buffer.AsSpan(0, read));
            sha1.Append(buffer.AsSpan(0, read));
        }
        return new(name, path, size, sha256.Result(), sha1.Result());
    }
}
