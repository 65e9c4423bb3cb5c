using System.Runtime.CompilerServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// What a decoder does to single rows. Buffers are padded to whole vectors; where a size is not a multiple of the lanes the last vector
/// reads and writes into that padding.
/// </summary>
internal static unsafe class RowKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>y = x / sqrt(mean(x²) + ε) · w; x and w are 0 behind their end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* w, float* y, int size, float eps)
    {
        TVector sum = default;
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            sum = TLanes.MultiplyAdd(v, v, sum);
        }
        var scale = TLanes.Broadcast(1f / MathF.Sqrt((TLanes.Sum(sum) / size) + eps));
        for (var i = 0; i < size; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scale), TLanes.Load(w + i)), y + i);
    }

    /// <summary>RMSNorm of one head in place; what stands behind it is neither read nor written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNormHead(float* x, float* w, int size, float eps)
    {
        var whole = size - (size % TLanes.Count);
        TVector sums = default;
        for (var i = 0; i < whole; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            sums = TLanes.MultiplyAdd(v, v, sums);
        }
        var sum = TLanes.Sum(sums);
        for (var i = whole; i < size; i++) sum += x[i] * x[i];
        var factor = 1f / MathF.Sqrt((sum / size) + eps);
        var scale = TLanes.Broadcast(factor);
        for (var i = 0; i < whole; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scale), TLanes.Load(w + i)), x + i);
        for (var i = whole; i < size; i++) x[i] = x[i] * factor * w[i];
    }

    /// <summary>x += y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* y, int size)
    {
        for (var i = 0; i < size; i += TLanes.Count) TLanes.Store(TLanes.Add(TLanes.Load(x + i), TLanes.Load(y + i)), x + i);
    }

    /// <summary>Rotary embedding of one head in place: pairs (x_i, x_{i+half}).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* x, float* cos, float* sin, int half)
    {
        var i = 0;
        for (; i + TLanes.Count <= half; i += TLanes.Count)
        {
            TVector a = TLanes.Load(x + i), b = TLanes.Load(x + half + i), c = TLanes.Load(cos + i), s = TLanes.Load(sin + i);
            TLanes.Store(TLanes.Subtract(TLanes.Multiply(a, c), TLanes.Multiply(b, s)), x + i);
            TLanes.Store(TLanes.Add(TLanes.Multiply(b, c), TLanes.Multiply(a, s)), x + half + i);
        }
        for (; i < half; i++)
        {
            float a = x[i], b = x[half + i];
            x[i] = (a * cos[i]) - (b * sin[i]);
            x[half + i] = (b * cos[i]) + (a * sin[i]);
        }
    }

    /// <summary>y = silu(gate) · up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, float* y, int size)
    {
        var one = TLanes.Broadcast(1);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var g = TLanes.Load(gate + i);
            var silu = TLanes.Divide(g, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(default, g))));
            TLanes.Store(TLanes.Multiply(silu, TLanes.Load(up + i)), y + i);
        }
    }

    /// <summary>y = gelu(gate) · up, by tanh: gelu(x) = x σ(2 √(2/π) (x + 0.044715 x³)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GeGlu(float* gate, float* up, float* y, int size)
    {
        const float Twice = -1.5957691216f; // −2 √(2/π)
        TVector one = TLanes.Broadcast(1), inner = TLanes.Broadcast(Twice), cubic = TLanes.Broadcast(Twice * 0.044715f);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var g = TLanes.Load(gate + i);
            var u = TLanes.Multiply(g, TLanes.MultiplyAdd(TLanes.Multiply(g, g), cubic, inner));
            var gelu = TLanes.Divide(g, TLanes.Add(one, TLanes.Exp(u)));
            TLanes.Store(TLanes.Multiply(gelu, TLanes.Load(up + i)), y + i);
        }
    }

    /// <summary>x += factor · y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, float* y, float factor, int size)
    {
        var scale = TLanes.Broadcast(factor);
        for (var i = 0; i < size; i += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(scale, TLanes.Load(y + i), TLanes.Load(x + i)), x + i);
    }

    /// <summary>Neighbouring pairs (x_2i, x_2i+1) as halves, in place.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="half">Pairs.</param>
    /// <param name="scratch">Room for as many numbers as pairs.</param>
    public static void Deinterleave(float* x, int half, float* scratch)
    {
        for (var i = 0; i < half; i++) scratch[i] = x[(2 * i) + 1];
        for (var i = 0; i < half; i++) x[i] = x[2 * i];
        for (var i = 0; i < half; i++) x[half + i] = scratch[i];
    }

    /// <summary>The largest of some numbers, at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Largest(float* x, int size)
    {
        var largest = float.NegativeInfinity;
        var i = 0;
        if (size >= TLanes.Count)
        {
            var best = TLanes.Load(x);
            for (i = TLanes.Count; i + TLanes.Count <= size; i += TLanes.Count) best = TLanes.Max(best, TLanes.Load(x + i));
            var lanes = stackalloc float[TLanes.Count];
            TLanes.Store(best, lanes);
            for (var lane = 0; lane < TLanes.Count; lane++) largest = MathF.Max(largest, lanes[lane]);
        }
        for (; i < size; i++) largest = MathF.Max(largest, x[i]);
        return largest;
    }

    /// <summary>x = exp((x − shift) · factor) in place; returns the sum. The size is a multiple of the lanes; −∞ gives 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float ExpSum(float* x, int size, float shift, float factor)
    {
        TVector sum = default, subtract = TLanes.Broadcast(shift), multiply = TLanes.Broadcast(factor);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var e = TLanes.Exp(TLanes.Multiply(TLanes.Subtract(TLanes.Load(x + i), subtract), multiply));
            TLanes.Store(e, x + i);
            sum = TLanes.Add(sum, e);
        }
        return TLanes.Sum(sum);
    }
}
