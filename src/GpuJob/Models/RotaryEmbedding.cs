using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Cosines and sines of the rotary embedding by position, computed once and grown on demand. Angles are float32 products of float32
/// frequencies, as the models were trained with. Thread-safe.
/// </summary>
internal sealed class RotaryEmbedding(ModelConfig config, Device device) : IDisposable
{
    private readonly Lock gate = new();
    private readonly int half = config.HeadDim / 2;
    private Tensor? cos, sin; // [positions, half]

    /// <summary>The tables' first positions: two tensors [length, head_dim / 2], owned by the caller's scope.</summary>
    public (Tensor Cos, Tensor Sin) Take(int length)
    {
        lock (gate)
        {
            var (c, s) = Tables(length);
            return (c.narrow(0, 0, length), s.narrow(0, 0, length));
        }
    }

    /// <summary>The rows of the given positions (int64, any shape): two tensors positions.shape + [head_dim / 2].</summary>
    /// <param name="positions">Which.</param>
    /// <param name="bound">All positions are below it.</param>
    public (Tensor Cos, Tensor Sin) At(Tensor positions, int bound)
    {
        long[] shape = [.. positions.shape, half];
        lock (gate)
        {
            var (c, s) = Tables(bound);
            var flat = positions.flatten();
            return (c.index_select(0, flat).view(shape), s.index_select(0, flat).view(shape));
        }
    }

    /// <summary>Turns each pair of x [N, H, head_dim] by tables [N, 1, head_dim / 2] of the same type.</summary>
    /// <param name="x">Heads.</param>
    /// <param name="cos">Cosines.</param>
    /// <param name="sin">Sines.</param>
    /// <param name="interleaved">Whether pairs are neighbours (2i, 2i+1) rather than (i, i + half); the result is in halves either way, which no score notices.</param>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin, bool interleaved = false)
    {
        var half = x.shape[^1] / 2;
        using var scope = NewDisposeScope();
        var pairs = interleaved ? x.reshape(x.shape[0], x.shape[1], half, 2) : x;
        var a = interleaved ? pairs.select(-1, 0) : x.narrow(-1, 0, half);
        var b = interleaved ? pairs.select(-1, 1) : x.narrow(-1, half, half);
        return cat([(a * cos).addcmul(b, sin, -1), (b * cos).addcmul(a, sin, 1)], -1).MoveToOuterDisposeScope();
    }

    /// <summary>The cosines and sines as arrays [length · head_dim / 2], for decoders outside torch.</summary>
    public (float[] Cos, float[] Sin) ToArrays(int length)
    {
        float[] c = new float[length * half], s = new float[c.Length];
        Fill(c, s);
        return (c, s);
    }

    private (Tensor Cos, Tensor Sin) Tables(int length)
    {
        if (cos is null || cos.shape[0] < length)
        {
            var rows = Math.Max(length, Math.Min(config.MaxPositions, Math.Max(256, length * 2)));
            var (c, s) = ToArrays(rows);
            Dispose(); // views given out keep their storage alive
            cos = tensor(c, [rows, half], device: device).DetachFromDisposeScope();
            sin = tensor(s, [rows, half], device: device).DetachFromDisposeScope();
        }
        return (cos, sin!);
    }

    private void Fill(float[] c, float[] s)
    {
        var frequencies = config.Rope.Frequencies(config.HeadDim);
        var amplitude = config.Rope.Amplitude;
        for (var i = 0; i < half; i++)
        {
            for (var position = 0; position < c.Length / half; position++)
            {
                var angle = (double)(position * frequencies[i]); // a float32 product, taken to its cosine in double
                c[(position * half) + i] = (float)(Math.Cos(angle) * amplitude);
                s[(position * half) + i] = (float)(Math.Sin(angle) * amplitude);
            }
        }
    }

    public void Dispose()
    {
        cos?.Dispose();
        sin?.Dispose();
    }
}
