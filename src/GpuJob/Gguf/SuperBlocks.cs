using static R1Cloud.GpuJob.Gguf.PlainBlocks;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>
/// Blocks of 256 numbers in parts of 16 or 32, whose scales (and offsets) are themselves small numbers under one of the whole
/// (ggml-quants.c, the "K" types).
/// </summary>
internal static class SuperBlocks
{
    private const int Numbers = 256;

    public static void Read2(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[84..], values = values[Numbers..])
        {
            var (scale, offset) = (Half(blocks, 80), Half(blocks, 82));
            for (var i = 0; i < Numbers; i++)
            {
                var part = blocks[i / 16];
                var bits = blocks[16 + (i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2) & 3;
                values[i] = (scale * (part & 15) * bits) - (offset * (part >> 4));
            }
        }
    }

    public static void Read3(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[110..], values = values[Numbers..])
        {
            var scale = Half(blocks, 108);
            var parts = blocks[96..108];
            for (var i = 0; i < Numbers; i++)
            {
                var part = i / 16;
                var low = part < 8 ? parts[part] & 15 : parts[part - 8] >> 4;
                var high = parts[8 + (part % 4)] >> (part / 4 * 2) & 3;
                var bits = blocks[32 + (i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2) & 3;
                var third = blocks[i % 32] >> (i / 32) & 1;
                values[i] = scale * ((low | high << 4) - 32) * (bits - (third == 1 ? 0 : 4));
            }
        }
    }

    public static void Read4(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[144..], values = values[Numbers..])
        {
            for (var i = 0; i < Numbers; i++)
            {
                var (scale, offset) = Part(blocks, i / 32);
                var pair = blocks[16 + (i / 64 * 32) + (i % 32)];
                values[i] = (scale * (i % 64 < 32 ? pair & 15 : pair >> 4)) - offset;
            }
        }
    }

    public static void Read5(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[176..], values = values[Numbers..])
        {
            for (var i = 0; i < Numbers; i++)
            {
                var (scale, offset) = Part(blocks, i / 32);
                var pair = blocks[48 + (i / 64 * 32) + (i % 32)];
                var fifth = blocks[16 + (i % 32)] >> (i / 32) & 1;
                values[i] = (scale * ((i % 64 < 32 ? pair & 15 : pair >> 4) | fifth << 4)) - offset;
            }
        }
    }

    public static void Read6(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; values.Length > 0; blocks = blocks[210..], values = values[Numbers..])
        {
            var scale = Half(blocks, 208);
            for (var i = 0; i < Numbers; i++)
            {
                var (half, quarter, at) = (i / 128, i % 128 / 32, i % 32);
                var pair = blocks[(half * 64) + (quarter % 2 * 32) + at];
                var low = quarter < 2 ? pair & 15 : pair >> 4;
                var high = blocks[128 + (half * 32) + at] >> (2 * quarter) & 3;
                values[i] = scale * (sbyte)blocks[192 + (i / 16)] * ((low | high << 4) - 32);
            }
        }
    }

    // The scale and offset of one of eight parts: six bits each, packed into twelve bytes.
    private static (float Scale, float Offset) Part(ReadOnlySpan<byte> block, int part)
    {
        var packed = block[4..16];
        var (scale, offset) = part < 4
            ? (packed[part] & 63, packed[part + 4] & 63)
            : ((packed[part + 4] & 15) | packed[part - 4] >> 6 << 4, packed[part + 4] >> 4 | packed[part] >> 6 << 4);
        return (Half(block, 0) * scale, Half(block, 2) * offset);
    }
}
