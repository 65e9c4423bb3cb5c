using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>Numbers that stand by themselves.</summary>
internal static class PlainBlocks
{
    public static void ReadFloat32(ReadOnlySpan<byte> blocks, Span<float> values) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);

    public static void WriteFloat32(ReadOnlySpan<float> values, Span<byte> blocks) => MemoryMarshal.AsBytes(values).CopyTo(blocks);

    public static void ReadFloat16(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = Half(blocks, 2 * i);
    }

    public static void WriteFloat16(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteHalfLittleEndian(blocks[(2 * i)..], (Half)values[i]);
    }

    public static void ReadBFloat16(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(blocks[(2 * i)..]) << 16);
    }

    /// <summary>To the nearest, ties to even, as torch rounds.</summary>
    public static void WriteBFloat16(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            var rounded = float.IsNaN(values[i]) ? (bits | 0x00400000) >> 16 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
            BinaryPrimitives.WriteUInt16LittleEndian(blocks[(2 * i)..], (ushort)rounded);
        }
    }

    /// <summary>The 16-bit float at a place.</summary>
    public static float Half(ReadOnlySpan<byte> blocks, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(blocks[at..]);
}
