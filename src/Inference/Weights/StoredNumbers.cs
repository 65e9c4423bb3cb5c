using System.Numerics;

namespace R1Cloud.Inference.Weights;

/// <summary>Looks at numbers where they lie in a file. A number is finite unless all bits of its exponent are set.</summary>
internal static unsafe class StoredNumbers
{
    /// <summary>Whether all numbers of a tensor are finite.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="stored">Its type and length; floating-point.</param>
    public static bool AreFinite(byte* start, StoredTensor stored)
    {
        return stored.TypeName switch
        {
            SafetensorsFormat.Float8 => AreFinite<byte>(start, stored.Bytes, 0x7F),
            "F64" => AreFinite<ulong>(start, stored.Bytes, 0x7FF0_0000_0000_0000),
            SafetensorsFormat.Float32 => AreFinite<uint>(start, stored.Bytes, 0x7F80_0000),
            SafetensorsFormat.BFloat16 => AreFinite<ushort>(start, stored.Bytes, 0x7F80),
            SafetensorsFormat.Float16 => AreFinite<ushort>(start, stored.Bytes, 0x7C00),
            _ => true,
        };
    }

    private static bool AreFinite<T>(byte* start, long bytes, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (mask, at) = (new Vector<T>(exponent), 0L);
        for (; at <= bytes - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            if (Vector.EqualsAny(Vector.Load((T*)(start + at)) & mask, mask)) return false;
        }
        for (; at < bytes; at += sizeof(T))
        {
            if ((*(T*)(start + at) & exponent) == exponent) return false;
        }
        return true;
    }
}
