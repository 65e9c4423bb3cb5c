using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>
/// Matrices of 8-bit floats with a scale a block, as DeepSeek-V3 and R1 are published (arXiv 2412.19437, section 3.3): 4 exponent bits of
/// bias 7, 3 mantissa bits, no infinities (OCP FP8 E4M3); a weight is its number times the block's <c>weight_scale_inv</c>.
/// </summary>
internal static class Float8
{
    /// <summary>What the name of a matrix's scales ends with instead of <c>weight</c>.</summary>
    public const string ScaleSuffix = "_scale_inv";

    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(Value)];

    /// <summary>Decodes a matrix into a tensor of its shape, a band of blocks at a time.</summary>
    /// <param name="bytes">[rows, columns].</param>
    /// <param name="scales">float32 [⌈rows / block⌉, ⌈columns / block⌉], on the CPU.</param>
    /// <param name="block">Rows and columns that share a scale.</param>
    /// <param name="target">[rows, columns], of any type and on any device.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static unsafe void Decode(Tensor bytes, Tensor scales, (int Rows, int Columns) block, Tensor target)
    {
        long rows = bytes.shape[0], columns = bytes.shape[1];
        long bands = Blocks(rows, block.Rows), across = Blocks(columns, block.Columns);
        if (scales.dim() != 2 || scales.shape[0] != bands || scales.shape[1] != across)
        {
            throw new ArgumentException(
                $"scales of shape [{string.Join(", ", scales.shape)}] do not fit a matrix [{rows}, {columns}] in blocks of {block.Rows} "
                + $"× {block.Columns}; [{bands}, {across}] is needed.", nameof(scales));
        }
        using var _ = NewDisposeScope();
        var factors = TensorMemory.AsFloats(scales).data<float>().ToArray();
        var source = TensorMemory.Pointer(bytes);
        for (var band = 0L; band < bands; band++)
        {
            using var scope = NewDisposeScope();
            long first = band * block.Rows, count = Math.Min(block.Rows, rows - first);
            var decoded = empty([count, columns], dtype: ScalarType.Float32);
            var to = (float*)TensorMemory.Pointer(decoded);
            var from = source + (first * columns);
            for (var row = 0L; row < count; row++)
            {
                for (var column = 0L; column < columns; column++)
                {
                    to[(row * columns) + column] =
                        Values[from[(row * columns) + column]] * factors[(band * across) + (column / block.Columns)];
                }
            }
            target.narrow(0, first, count).copy_(decoded);
        }
    }

    private static long Blocks(long size, int block) => (size + block - 1) / block;

    private static float Value(int bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        if ((bits & 127) == 127) return float.NaN;
        var size = exponent == 0 ? mantissa * MathF.Pow(2, -9) : (1 + (mantissa / 8f)) * MathF.Pow(2, exponent - 7);
        return bits < 128 ? size : -size;
    }
}
