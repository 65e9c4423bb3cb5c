using System.Runtime.CompilerServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>What one AdamW step does to every number (arXiv 1711.05101, algorithm 2).</summary>
/// <param name="Decay">1 − learning rate · weight decay.</param>
/// <param name="Rate">Learning rate / (1 − β₁ᵗ).</param>
/// <param name="Beta1">β₁.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="Root">1 / √(1 − β₂ᵗ).</param>
/// <param name="Epsilon">ε.</param>
internal readonly record struct AdamWStep(float Decay, float Rate, double Beta1, double Beta2, float Root, float Epsilon);

/// <summary>What an optimizer does to runs of numbers.</summary>
internal static unsafe class UpdateKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>The sum of squares.</summary>
    public static double Squares(float* x, int size)
    {
        const int Run = 1024; // summed in float32
        var sum = 0.0;
        for (var start = 0; start < size; start += Run)
            sum += GradientKernels<TVector, TLanes>.Dot(x + start, x + start, Math.Min(Run, size - start));
        return sum;
    }

    /// <summary>x *= factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, int size)
    {
        var scale = TLanes.Broadcast(factor);
        var i = 0;
        for (; i + TLanes.Count <= size; i += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.Load(x + i), scale), x + i);
        for (; i < size; i++) x[i] *= factor;
    }

    /// <summary>Updates numbers and their moments by their gradients; the last few pass through the same instructions in a copy.</summary>
    public static void AdamW(in AdamWStep step, float* x, float* gradient, float* firstMoment, float* secondMoment, int size)
    {
        var whole = size - (size % TLanes.Count);
        Whole(in step, x, gradient, firstMoment, secondMoment, whole);
        if (whole == size) return;
        const int Most = 16;
        var room = stackalloc float[4 * Most];
        float* a = room, b = room + Most, c = b + Most, d = c + Most;
        for (var i = whole; i < size; i++)
            (a[i - whole], b[i - whole], c[i - whole], d[i - whole]) = (x[i], gradient[i], firstMoment[i], secondMoment[i]);
        Whole(in step, a, b, c, d, TLanes.Count);
        for (var i = whole; i < size; i++) (x[i], firstMoment[i], secondMoment[i]) = (a[i - whole], c[i - whole], d[i - whole]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Whole(in AdamWStep step, float* x, float* gradient, float* firstMoment, float* secondMoment, int size)
    {
        TVector decay = TLanes.Broadcast(step.Decay), rate = TLanes.Broadcast(-step.Rate), root = TLanes.Broadcast(step.Root),
            epsilon = TLanes.Broadcast(step.Epsilon), beta1 = TLanes.Broadcast((float)step.Beta1),
            beta2 = TLanes.Broadcast((float)step.Beta2), rest1 = TLanes.Broadcast((float)(1 - step.Beta1)),
            rest2 = TLanes.Broadcast((float)(1 - step.Beta2));
        for (var i = 0; i < size; i += TLanes.Count)
        {
            var g = TLanes.Load(gradient + i);
            var m = TLanes.MultiplyAdd(g, rest1, TLanes.Multiply(TLanes.Load(firstMoment + i), beta1));
            var v = TLanes.MultiplyAdd(TLanes.Multiply(g, g), rest2, TLanes.Multiply(TLanes.Load(secondMoment + i), beta2));
            TLanes.Store(m, firstMoment + i);
            TLanes.Store(v, secondMoment + i);
            var divisor = TLanes.MultiplyAdd(TLanes.Sqrt(v), root, epsilon);
            TLanes.Store(
                TLanes.MultiplyAdd(TLanes.Divide(m, divisor), rate, TLanes.Multiply(TLanes.Load(x + i), decay)), x + i);
        }
    }
}
