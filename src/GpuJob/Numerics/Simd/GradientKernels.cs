using System.Runtime.CompilerServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// What a backward pass, and the forward pass that it needs, do to single rows. Sizes are rounded up to whole vectors; rows are 0 behind
/// their end.
/// </summary>
internal static unsafe class GradientKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>1 / sqrt(mean(x²) + ε).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float InverseRms(float* x, int size, float eps)
    {
        TVector sum = default;
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            sum = TLanes.MultiplyAdd(v, v, sum);
        }
        return 1f / MathF.Sqrt((TLanes.Sum(sum) / size) + eps);
    }

    /// <summary>y = x · factor · w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* x, float factor, float* w, float* y, int size)
    {
        var scale = TLanes.Broadcast(factor);
        for (var i = 0; i < size; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scale), TLanes.Load(w + i)), y + i);
    }

    /// <summary>
    /// Gradients of y = x r w with r = 1 / sqrt(mean(x²) + ε): into = carried + r w dy − x (Σ dy w x) r³ / size, and dw += dy x r.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="w">The weight.</param>
    /// <param name="dy">The output's gradient.</param>
    /// <param name="r">Of the input.</param>
    /// <param name="carried">A gradient that comes another way; null for none.</param>
    /// <param name="into">The input's gradient.</param>
    /// <param name="dw">The weight's, added to.</param>
    /// <param name="size">Numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormBackward(float* x, float* w, float* dy, float r, float* carried, float* into, float* dw, int size)
    {
        TVector sum = default, factor = TLanes.Broadcast(r);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            TVector v = TLanes.Load(x + i), g = TLanes.Load(dy + i), product = TLanes.Multiply(v, g);
            sum = TLanes.MultiplyAdd(product, TLanes.Load(w + i), sum);
            TLanes.Store(TLanes.MultiplyAdd(product, factor, TLanes.Load(dw + i)), dw + i);
        }
        var along = TLanes.Broadcast(-TLanes.Sum(sum) * r * r * r / size);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var direct = TLanes.Multiply(TLanes.Multiply(TLanes.Load(dy + i), TLanes.Load(w + i)), factor);
            var gradient = TLanes.MultiplyAdd(TLanes.Load(x + i), along, direct);
            TLanes.Store(carried is null ? gradient : TLanes.Add(gradient, TLanes.Load(carried + i)), into + i);
        }
    }

    /// <summary>Gradients of y = silu(gate) · up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGluBackward(float* gate, float* up, float* dy, float* y, float* dGate, float* dUp, int size)
    {
        var one = TLanes.Broadcast(1);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            TVector g = TLanes.Load(gate + i), u = TLanes.Load(up + i), d = TLanes.Load(dy + i);
            var sigmoid = TLanes.Divide(one, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(default, g))));
            var silu = TLanes.Multiply(g, sigmoid);
            TLanes.Store(TLanes.Multiply(silu, u), y + i);
            TLanes.Store(TLanes.Multiply(d, silu), dUp + i);
            var slope = TLanes.MultiplyAdd(silu, TLanes.Subtract(one, sigmoid), sigmoid); // σ + g σ (1 − σ)
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(d, u), slope), dGate + i);
        }
    }

    /// <summary>p = exp(scores · scale − shift) in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Probabilities(float* scores, int size, float scale, float shift)
    {
        TVector factor = TLanes.Broadcast(scale), subtract = TLanes.Broadcast(-shift);
        for (var i = 0; i < size; i += TLanes.Count)
            TLanes.Store(TLanes.Exp(TLanes.MultiplyAdd(TLanes.Load(scores + i), factor, subtract)), scores + i);
    }

    /// <summary>Gradients of softmax's arguments in place: d = p (d − along) scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftmaxBackward(float* p, float* d, int size, float along, float scale)
    {
        TVector factor = TLanes.Broadcast(scale), subtract = TLanes.Broadcast(along);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var inner = TLanes.Multiply(TLanes.Subtract(TLanes.Load(d + i), subtract), factor);
            TLanes.Store(TLanes.Multiply(inner, TLanes.Load(p + i)), d + i);
        }
    }

    /// <summary>x += y; what lies behind the end is neither read nor written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTo(float* x, float* y, int size)
    {
        var i = 0;
        for (; i + TLanes.Count <= size; i += TLanes.Count) TLanes.Store(TLanes.Add(TLanes.Load(x + i), TLanes.Load(y + i)), x + i);
        for (; i < size; i++) x[i] += y[i];
    }

    /// <summary>x *= factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, int size)
    {
        var scale = TLanes.Broadcast(factor);
        for (var i = 0; i < size; i += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.Load(x + i), scale), x + i);
    }

    /// <summary>The sum of a · b; what lies behind the end is not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int size)
    {
        TVector sums = default;
        var i = 0;
        for (; i + TLanes.Count <= size; i += TLanes.Count) sums = TLanes.MultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), sums);
        var sum = TLanes.Sum(sums);
        for (; i < size; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Σ e and Σ e s over numbers s = x · factor, with e = exp(s − shift); −∞ counts for nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Sum, float Weighted) ExpSums(float* x, int size, float factor, float shift)
    {
        TVector sum = default, weighted = default, scale = TLanes.Broadcast(factor), subtract = TLanes.Broadcast(shift),
            lowest = TLanes.Broadcast(float.MinValue);
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var s = TLanes.Multiply(TLanes.Load(x + i), scale);
            var e = TLanes.Exp(TLanes.Subtract(s, subtract));
            sum = TLanes.Add(sum, e);
            weighted = TLanes.MultiplyAdd(e, TLanes.Max(s, lowest), weighted); // 0 · −∞ would be no number
        }
        return (TLanes.Sum(sum), TLanes.Sum(weighted));
    }
}
