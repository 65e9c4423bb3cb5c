using System.Security.Cryptography;
using System.Text;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>Name-based GUIDs, version 5 (RFC 9562, section 5.5).</summary>
internal static class DeterministicGuid
{
    private static readonly Guid Namespace = new("6f1ad3b0-52a3-4d6e-8a55-6a0f5a1c9e21");

    /// <summary>The GUID of a name: the same name, the same GUID.</summary>
    public static Guid Create(string name)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The RFC says SHA-1; nothing secret depends on it.
        SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
