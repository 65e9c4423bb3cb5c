using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using R1Cloud.Hub.Cache;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Downloading;

/// <summary>
/// The hash that names a file: SHA-256 of an LFS file; of others git's own, SHA-1 of <c>blob SIZE\0</c> and the bytes.
/// </summary>
internal sealed class ContentHash : IDisposable
{
    private readonly HubFile file;
    private readonly IncrementalHash hash;

    public ContentHash(HubFile file)
    {
        this.file = file;
        hash = IncrementalHash.CreateHash(file.Sha256 is null ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        Begin();
    }

    /// <summary>Forgets all bytes.</summary>
    public void Restart()
    {
        hash.GetHashAndReset();
        Begin();
    }

    /// <summary>Goes on with these bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    /// <summary>The hash in 40 or 64 hexadecimal digits.</summary>
    public string Result() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();

    /// <summary>Goes on with a file from where it stands to its end.</summary>
    public async Task AppendAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 20];
        for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;) hash.AppendData(buffer, 0, read);
    }

    /// <summary>Whether a file of this disk is the one that is meant.</summary>
    public static async Task<bool> IsOfAsync(HubFile file, string path, CancellationToken cancellation)
    {
        using var hash = new ContentHash(file);
        await using var stream = RegularFile.OpenRead(path);
        if (stream.Length != file.Size) return false;
        await hash.AppendAsync(stream, cancellation);
        return hash.Result() == file.Etag;
    }

    private void Begin()
    {
        if (file.Sha256 is null) hash.AppendData(GitHeader(file.Size));
    }

    /// <summary>What git's SHA-1 of a content begins with.</summary>
    public static byte[] GitHeader(long size) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {size}\0"));
}
