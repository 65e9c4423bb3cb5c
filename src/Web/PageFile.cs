using System.IO.Compression;
using System.Security.Cryptography;

namespace R1Cloud.Web;

/// <summary>A file of the page, as it was built.</summary>
public sealed class PageFile
{
    private const string HashedFolder = "/assets/", Index = "index.html";

    private static readonly Dictionary<string, (string Type, bool Shrinks)> Types = new(StringComparer.Ordinal)
    {
        [".html"] = ("text/html; charset=utf-8", true),
        [".js"] = ("text/javascript; charset=utf-8", true),
        [".css"] = ("text/css; charset=utf-8", true),
        [".svg"] = ("image/svg+xml", true),
        [".woff2"] = ("font/woff2", false),
        [".png"] = ("image/png", false),
    };

    private readonly Lazy<ReadOnlyMemory<byte>?> compressed;

    internal PageFile(string name, byte[] content)
    {
        var (type, shrinks) = Types.TryGetValue(System.IO.Path.GetExtension(name), out var known)
            ? known
            : throw new InvalidOperationException($"The page's file '{name}' is of no known type; known: {string.Join(", ", Types.Keys)}.");
        (Path, ContentType, Content) = (name == Index ? "/" : "/" + name, type, content);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"";
        compressed = new(() => shrinks ? Compress(content) : null);
    }

    /// <summary>Where it is asked for, e.g. <c>/assets/index-3f2a.js</c>; the page itself is <c>/</c>.</summary>
    public string Path { get; }
    /// <summary>Its media type.</summary>
    public string ContentType { get; }
    /// <summary>What tells this content from another.</summary>
    public string ETag { get; }
    /// <summary>Whether its name stands for its content, so that it never changes.</summary>
    public bool IsImmutable => Path.StartsWith(HashedFolder, StringComparison.Ordinal);
    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Content { get; }
    /// <summary>Its bytes in Brotli's form; null where that saves nothing. Made when first asked for.</summary>
    public ReadOnlyMemory<byte>? Compressed => compressed.Value;

    private static ReadOnlyMemory<byte>? Compress(byte[] content)
    {
        var shrunk = new MemoryStream();
        using (var brotli = new BrotliStream(shrunk, CompressionLevel.SmallestSize, leaveOpen: true)) brotli.Write(content);
        return shrunk.Length < content.Length ? shrunk.ToArray() : null;
    }
}
