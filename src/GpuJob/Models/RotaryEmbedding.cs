using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Cosines and sines of the rotary embedding by position, computed once and grown on demand. Angles are float32 products of float32
/// frequencies, as the models were trained with. Thread-safe.
/// </summary>
internal sealed class RotaryEmbedding(ModelConfig config, Device device) : IDisposable
{
    private readonly Lock gate = new();
    private Tensor? cos, sin; // [positions, head_dim / 2]

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
        long[] shape = [.. positions.shape, config.HeadDim / 2];
        lock (gate)
        {
            var (c, s) = Tables(bound);
            var flat = positions.flatten();
            return (c.index_select(0, flat).view(shape), s.index_select(0, flat).view(shape));
        }
    }

    /// <summary>Turns each half-split pair of x [..., H, head_dim] by tables that broadcast to [..., H, head_dim / 2].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var half = x.shape[^1] / 2;
        using var scope = NewDisposeScope();
        var a = x.narrow(-1, 0, half);
        var b = x.narrow(-1, half, half);
        return cat([(a * cos).addcmul(b, sin, -1), (b * cos).addcmul(a, sin, 1)], -1).MoveToOuterDisposeScope();
    }

    /// <summary>The cosines and sines as arrays [length · head_dim / 2], for decoders outside torch.</summary>
    public (float[] Cos, float[] Sin) ToArrays(int length)
    {
        float[] c = new float[length * config.HeadDim / 2], s = new float[c.Length];
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
            cos = tensor(c, [rows, config.HeadDim / 2], device: device).DetachFromDisposeScope();
            sin = tensor(s, [rows, config.HeadDim / 2], device: device).DetachFromDisposeScope();
        }
        return (cos, sin!);
    }

    private void Fill(float[] c, float[] s)
    {
        var half = config.HeadDim / 2;
        for (var i = 0; i < half; i++)
        {
            var frequency = Scaled(1f / (float)Math.Pow(config.Rope.Theta, (float)(2 * i) / config.HeadDim));
            for (var position = 0; position < c.Length / half; position++)
            {
                var angle = (double)(position * frequency); // a float32 product, taken to its cosine in double
                c[(position * half) + i] = (float)Math.Cos(angle);
                s[(position * half) + i] = (float)Math.Sin(angle);
            }
        }
    }

    private float Scaled(float frequency)
    {
        if (config.Rope.Llama3 is not { } llama3) return frequency;
        var wavelength = 2 * Math.PI / frequency;
        double low = llama3.OriginalMaxPositions / llama3.LowFrequencyFactor, high = llama3.OriginalMaxPositions / llama3.HighFrequencyFactor;
        if (wavelength < high) return frequency;
        if (wavelength > low) return (float)(frequency / llama3.Factor);
        var smooth = ((llama3.OriginalMaxPositions / wavelength) - llama3.LowFrequencyFactor) / (llama3.HighFrequencyFactor - llama3.LowFrequencyFactor);
        return (float)(((1 - smooth) * frequency / llama3.Factor) + (smooth * frequency));
    }

    public void Dispose()
    {
        cos?.Dispose();
        sin?.Dispose();
    }
}
