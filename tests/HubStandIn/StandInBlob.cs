using System.Security.Cryptography;
using System.Text;

namespace R1Cloud.HubStandIn;

/// <summary>A file's content with the names that git and LFS give to it.</summary>
public sealed class StandInBlob
{
    private const int MostRegularBytes = 10_000_000;

    private static readonly string[] LfsEndings =
        [".safetensors", ".bin", ".pt", ".gguf", ".onnx", ".parquet", ".arrow", ".zip", ".gz"];

    public StandInBlob(string name, byte[] content)
    {
        (Content, IsLfs) = (content, IsLfsFile(name, content.Length));
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        Pointer = Encoding.ASCII.GetBytes($"version https://git-lfs.github.com/spec/v1\noid sha256:{Sha256}\nsize {content.Length}\n");
        Oid = GitSha1(IsLfs ? Pointer : content);
    }

    public byte[] Content { get; }

    public int Size => Content.Length;

    public bool IsLfs { get; }

    public string Sha256 { get; }

    /// <summary>What LFS leaves in git in the file's place.</summary>
    public byte[] Pointer { get; }

    /// <summary>The git object: of an LFS file that of the pointer.</summary>
    public string Oid { get; }

    /// <summary>What names the content in a client's cache.</summary>
    public string Etag => IsLfs ? Sha256 : Oid;

    /// <summary>Looks like a Xet hash and is none.</summary>
    public string Xet => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("xet" + Sha256)));

    public static bool IsLfsFile(string name, long size) => size > 0 && (size > MostRegularBytes
        || LfsEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "git names files so")]
    public static string GitSha1(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
}
