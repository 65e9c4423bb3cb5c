using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Cosines and sines of some frequencies by position, computed once and grown on demand. Thread-safe.</summary>
/// <param name="frequencies">The frequency of each pair.</param>
/// <param name="amplitude">Factor on cosines and sines.</param>
/// <param name="maxPositions">Positions that are rarely exceeded.</param>
/// <param name="device">Where the tables live.</param>
internal sealed class RotaryTable(float[] frequencies, double amplitude, int maxPositions, Device device) : IDisposable
{
    private readonly Lock gate = new();
    private readonly int half = frequencies.Length;
    private Tensor? cos, sin; // [positions, half]

    /// <summary>The first positions: two tensors [length, half], owned by the caller's scope.</summary>
    public (Tensor Cos, Tensor Sin) Take(int length)
    {
        lock (gate)
        {
            var (c, s) = Tables(length);
            return (c.narrow(0, 0, length), s.narrow(0, 0, length));
        }
    }

    /// <summary>The rows of the given positions (int64, any shape): two tensors positions.shape + [half].</summary>
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

    /// <summary>Arrays [length · half].</summary>
    public (float[] Cos, float[] Sin) ToArrays(int length)
    {
        float[] c = new float[length * half], s = new float[c.Length];
        for (var i = 0; i < half; i++)
        {
            for (var position = 0; position < length; position++)
            {
                var angle = (double)(position * frequencies[i]); // a float32 product, taken to its cosine in double
                c[(position * half) + i] = (float)(Math.Cos(angle) * amplitude);
                s[(position * half) + i] = (float)(Math.Sin(angle) * amplitude);
            }
        }
        return (c, s);
    }

    private (Tensor Cos, Tensor Sin) Tables(int length)
    {
        if (cos is null || cos.shape[0] < length)
        {
            var rows = Math.Max(length, Math.Min(maxPositions, Math.Max(256, length * 2)));
            var (c, s) = ToArrays(rows);
            Dispose(); // views given out keep their storage alive
            cos = tensor(c, [rows, half], device: device).DetachFromDisposeScope();
            sin = tensor(s, [rows, half], device: device).DetachFromDisposeScope();
        }
        return (cos, sin!);
    }

    public void Dispose()
    {
        cos?.Dispose();
        sin?.Dispose();
    }
}
