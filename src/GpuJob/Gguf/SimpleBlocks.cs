using System.Buffers.Binary;
using static R1Cloud.GpuJob.Gguf.PlainBlocks;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>
/// Blocks of 32 numbers with one scale, and an offset or none (ggml-quants.c): the low halves of the bytes are the first 16 numbers, the
/// high halves the others; a fifth bit is in a word of its own.
/// </summary>
internal static class SimpleBlocks
{
    private const int Numbers = 32;

    public static void Read4(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[18..], values = values[Numbers..])
        {
            var scale = Half(blocks, 0);
            for (var i = 0; i < 16; i++)
            {
                values[i] = scale * ((blocks[2 + i] & 15) - 8);
                values[i + 16] = scale * ((blocks[2 + i] >> 4) - 8);
            }
        }
    }

    public static void Read4Offset(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[20..], values = values[Numbers..])
        {
            var (scale, offset) = (Half(blocks, 0), Half(blocks, 2));
            for (var i = 0; i < 16; i++)
            {
                values[i] = (scale * (blocks[4 + i] & 15)) + offset;
                values[i + 16] = (scale * (blocks[4 + i] >> 4)) + offset;
            }
        }
    }

    public static void Read5(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[22..], values = values[Numbers..])
        {
            var (scale, fifth) = (Half(blocks, 0), BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]));
            for (var i = 0; i < 16; i++)
            {
                values[i] = scale * (((blocks[6 + i] & 15) | Fifth(fifth, i)) - 16);
                values[i + 16] = scale * (((blocks[6 + i] >> 4) | Fifth(fifth, i + 16)) - 16);
            }
        }
    }

    public static void Read5Offset(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[24..], values = values[Numbers..])
        {
            var (scale, offset, fifth) = (Half(blocks, 0), Half(blocks, 2), BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]));
            for (var i = 0; i < 16; i++)
            {
                values[i] = (scale * ((blocks[8 + i] & 15) | Fifth(fifth, i))) + offset;
                values[i + 16] = (scale * ((blocks[8 + i] >> 4) | Fifth(fifth, i + 16))) + offset;
            }
        }
    }

    public static void Read8(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[34..], values = values[Numbers..])
        {
            var scale = Half(blocks, 0);
            for (var i = 0; i < Numbers; i++) values[i] = scale * (sbyte)blocks[2 + i];
        }
    }

    /// <summary>The largest becomes ±127; what lies between two is rounded, a half away from zero (quantize_row_q8_0_ref).</summary>
    public static void Write8(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        for (; values.Length > 0; blocks = blocks[34..], values = values[Numbers..])
        {
            var largest = 0f;
            foreach (var value in values[..Numbers]) largest = MathF.Max(largest, MathF.Abs(value));
            var scale = largest / 127;
            var inverse = scale == 0 ? 0 : 1 / scale;
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            for (var i = 0; i < Numbers; i++)
                blocks[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    private static int Fifth(uint bits, int i) => (int)(bits >> i & 1) << 4;
}
