using System.Runtime.CompilerServices;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Attention of a token over its past: the query heads that share keys and values are done together, two at a time, so that each key is
/// read once for both. Every result is the same chain of operations, whichever kernel computes it.
/// </summary>
internal static unsafe class AttentionKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private const int Line = 16; // floats a cache line
    private const int MostFetched = 4096; // of a long past the hardware fetches the rest, as it is read straight on

    /// <summary>Scaled scores of some query heads; −∞ behind the past, and before a window.</summary>
    /// <param name="queries">[heads, head dim].</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="keys">[capacity / lanes, head dim, lanes].</param>
    /// <param name="length">Positions seen, the token's own included.</param>
    /// <param name="headDim">Head dimension.</param>
    /// <param name="scale">1/√head dim.</param>
    /// <param name="scores">[heads, stride].</param>
    /// <param name="stride">Room for the past in whole vectors.</param>
    /// <param name="hidden">Positions at the beginning that are not seen.</param>
    public static void Scores(float* queries, int heads, float* keys, int length, int headDim, float scale, float* scores, int stride,
        int hidden = 0)
    {
        var head = 0;
        for (; head + 2 <= heads; head += 2)
            ScoresOfTwo(queries + (head * headDim), keys, length, headDim, scale, scores + ((long)head * stride), stride);
        if (head < heads) ScoresOfOne(queries + (head * headDim), keys, length, headDim, scale, scores + ((long)head * stride));
        var padded = Align.Up(length, TLanes.Count);
        for (head = 0; head < heads; head++, scores += stride)
        {
            for (var t = 0; t < hidden; t++) scores[t] = float.NegativeInfinity;
            for (var t = length; t < padded; t++) scores[t] = float.NegativeInfinity;
        }
    }

    /// <summary>The values' mean, weighted by the softmax of a head's scores.</summary>
    /// <param name="scores">[past in whole vectors], as <see cref="Scores"/> leaves them; overwritten.</param>
    /// <param name="length">Positions seen.</param>
    /// <param name="values">[capacity, value stride].</param>
    /// <param name="valueStride">Head dimension rounded up to two vectors.</param>
    /// <param name="output">[value stride]; what lies behind the head dimension is overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mix(float* scores, int length, float* values, int valueStride, float* output)
    {
        var lanes = TLanes.Count;
        var sum = RowKernels<TVector, TLanes>.ExpSum(scores, Align.Up(length, lanes), RowKernels<TVector, TLanes>.Largest(scores, length),
            1);
        var inverse = TLanes.Broadcast(1f / sum);
        for (var i = 0; i < valueStride; i += 2 * lanes)
        {
            TVector even0 = default, even1 = default, odd0 = default, odd1 = default;
            var v = values + i;
            var t = 0;
            for (; t + 1 < length; t += 2, v += 2 * valueStride)
            {
                TVector even = TLanes.Broadcast(scores[t]), odd = TLanes.Broadcast(scores[t + 1]);
                even0 = TLanes.MultiplyAdd(even, TLanes.Load(v), even0);
                even1 = TLanes.MultiplyAdd(even, TLanes.Load(v + lanes), even1);
                odd0 = TLanes.MultiplyAdd(odd, TLanes.Load(v + valueStride), odd0);
                odd1 = TLanes.MultiplyAdd(odd, TLanes.Load(v + valueStride + lanes), odd1);
            }
            if (t < length)
            {
                var even = TLanes.Broadcast(scores[t]);
                even0 = TLanes.MultiplyAdd(even, TLanes.Load(v), even0);
                even1 = TLanes.MultiplyAdd(even, TLanes.Load(v + lanes), even1);
            }
            TLanes.Store(TLanes.Multiply(TLanes.Add(even0, odd0), inverse), output + i);
            TLanes.Store(TLanes.Multiply(TLanes.Add(even1, odd1), inverse), output + i + lanes);
        }
    }

    /// <summary>Asks for keys or values that come next, while others are worked on.</summary>
    public static void Prefetch(float* source, int count)
    {
        for (var i = 0; i < Math.Min(count, MostFetched); i += Line) TLanes.Prefetch(source + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoresOfTwo(float* q, float* keys, int length, int headDim, float scale, float* scores, int stride)
    {
        int lanes = TLanes.Count, block = headDim * lanes, at = 0;
        var p = q + headDim;
        var other = scores + stride;
        var factor = TLanes.Broadcast(scale);
        for (; at + (3 * lanes) < length; at += 4 * lanes)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            var k = keys + ((long)at * headDim);
            for (var i = 0; i < headDim; i++, k += lanes)
            {
                TVector a = TLanes.Broadcast(q[i]), b = TLanes.Broadcast(p[i]);
                TVector k0 = TLanes.Load(k), k1 = TLanes.Load(k + block), k2 = TLanes.Load(k + (2 * block)),
                    k3 = TLanes.Load(k + (3 * block));
                a0 = TLanes.MultiplyAdd(a, k0, a0);
                a1 = TLanes.MultiplyAdd(a, k1, a1);
                a2 = TLanes.MultiplyAdd(a, k2, a2);
                a3 = TLanes.MultiplyAdd(a, k3, a3);
                b0 = TLanes.MultiplyAdd(b, k0, b0);
                b1 = TLanes.MultiplyAdd(b, k1, b1);
                b2 = TLanes.MultiplyAdd(b, k2, b2);
                b3 = TLanes.MultiplyAdd(b, k3, b3);
            }
            StoreFour(a0, a1, a2, a3, factor, scores + at);
            StoreFour(b0, b1, b2, b3, factor, other + at);
        }
        for (; at < length; at += lanes)
        {
            TVector a = default, b = default;
            var k = keys + ((long)at * headDim);
            for (var i = 0; i < headDim; i++, k += lanes)
            {
                var key = TLanes.Load(k);
                a = TLanes.MultiplyAdd(TLanes.Broadcast(q[i]), key, a);
                b = TLanes.MultiplyAdd(TLanes.Broadcast(p[i]), key, b);
            }
            TLanes.Store(TLanes.Multiply(a, factor), scores + at);
            TLanes.Store(TLanes.Multiply(b, factor), other + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoresOfOne(float* q, float* keys, int length, int headDim, float scale, float* scores)
    {
        int lanes = TLanes.Count, block = headDim * lanes, at = 0;
        var factor = TLanes.Broadcast(scale);
        for (; at + (3 * lanes) < length; at += 4 * lanes)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default;
            var k = keys + ((long)at * headDim);
            for (var i = 0; i < headDim; i++, k += lanes)
            {
                var a = TLanes.Broadcast(q[i]);
                a0 = TLanes.MultiplyAdd(a, TLanes.Load(k), a0);
                a1 = TLanes.MultiplyAdd(a, TLanes.Load(k + block), a1);
                a2 = TLanes.MultiplyAdd(a, TLanes.Load(k + (2 * block)), a2);
                a3 = TLanes.MultiplyAdd(a, TLanes.Load(k + (3 * block)), a3);
            }
            StoreFour(a0, a1, a2, a3, factor, scores + at);
        }
        for (; at < length; at += lanes)
        {
            TVector a = default;
            var k = keys + ((long)at * headDim);
            for (var i = 0; i < headDim; i++, k += lanes) a = TLanes.MultiplyAdd(TLanes.Broadcast(q[i]), TLanes.Load(k), a);
            TLanes.Store(TLanes.Multiply(a, factor), scores + at);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(TVector first, TVector second, TVector third, TVector fourth, TVector factor, float* target)
    {
        TLanes.Store(TLanes.Multiply(first, factor), target);
        TLanes.Store(TLanes.Multiply(second, factor), target + TLanes.Count);
        TLanes.Store(TLanes.Multiply(third, factor), target + (2 * TLanes.Count));
        TLanes.Store(TLanes.Multiply(fourth, factor), target + (3 * TLanes.Count));
    }
}
