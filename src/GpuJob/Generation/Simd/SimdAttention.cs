using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>A thread's attention.</summary>
internal interface ISimdAttention : IDisposable
{
    /// <summary>Puts rows through a layer's attention, its output projection's bias not yet added.</summary>
    /// <param name="layer">The layer's weights.</param>
    /// <param name="index">The layer.</param>
    /// <param name="input">[rows, stride].</param>
    /// <param name="rowSlots">Where each row's past is kept.</param>
    /// <param name="positions">Each row's position.</param>
    /// <param name="output">[rows, stride].</param>
    unsafe void Run(SimdLayer layer, int index, float* input, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions, float* output);
}

/// <summary>Attention of plain heads (<see cref="Attention"/>): grouped queries, norms of queries and keys, windows.</summary>
internal sealed unsafe class SimdAttention<TVector, TLanes> : SimdBlock<TVector, TLanes>, ISimdAttention
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly ModelConfig config;
    private readonly KvSlots slots;
    private readonly SimdRotary rotary;
    private readonly FloatBuffer qkv, attended, scores;
    private readonly int stride, attendedStride, half;
    private readonly float scale;
    private readonly bool across;

    public SimdAttention(ModelConfig config, SimdWeights weights, KvSlots slots, SimdRotary rotary)
    {
        (this.config, this.slots, this.rotary, stride) = (config, slots, rotary, weights.Stride);
        (half, across) = (config.RotatedDim / 2, config.Architecture.QkNormAcrossHeads);
        scale = config.QueryScalar is null ? 1f / MathF.Sqrt(config.HeadDim) : (float)config.AttentionScale;
        attendedStride = (config.Heads * config.HeadDim) + (2 * TLanes.Count); // the last head's vectors may end in the margin
        (qkv, attended) = (Rows(weights.Layers[0].Heads!.Qkv.PaddedRows), Rows(attendedStride));
        scores = Room((long)slots.Capacity * (config.Heads / config.KvHeads));
    }

    /// <inheritdoc/>
    public void Run(SimdLayer layer, int index, float* input, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions, float* output)
    {
        var rows = positions.Length;
        Multiply(layer.Heads!.Qkv, input, stride, rows, qkv.Pointer, layer.Heads.Qkv.PaddedRows);
        for (var row = 0; row < rows; row++) Prepare(layer.Heads, index, row, rowSlots[row], positions[row]);
        var window = config.Window(index) ?? int.MaxValue;
        for (var row = 0; row < rows; row++) Attend(index, window, row, rowSlots, positions, layer.Heads.Qkv.PaddedRows);
        Multiply(layer.Output, attended.Pointer, attendedStride, rows, output, stride);
    }

    // Norms, rotation, and what later tokens attend to.
    private void Prepare(SimdHeads weights, int index, int row, int slot, int position)
    {
        int d = config.HeadDim, heads = config.Heads, kvHeads = config.KvHeads, width = weights.Qkv.PaddedRows;
        var q = qkv.Pointer + ((long)row * width);
        if (weights.Bias is not null) RowKernels<TVector, TLanes>.Add(q, weights.Bias.Pointer, width);
        if (across && config.QkNorm)
        {
            RowKernels<TVector, TLanes>.RmsNormHead(q, weights.QueryNorm!.Pointer, heads * d, (float)config.RmsNormEps);
            RowKernels<TVector, TLanes>.RmsNormHead(q + (heads * d), weights.KeyNorm!.Pointer, kvHeads * d, (float)config.RmsNormEps);
        }
        var (cos, sin) = rotary.Of(config.Slides(index), slots.IsLong[slot]);
        fixed (float* cosines = cos, sines = sin)
        {
            for (var head = 0; head < heads + kvHeads; head++)
            {
                if (config.QkNorm && !across)
                    RowKernels<TVector, TLanes>.RmsNormHead(q + (head * d),
                        (head < heads ? weights.QueryNorm : weights.KeyNorm)!.Pointer, d, (float)config.RmsNormEps);
                RowKernels<TVector, TLanes>.Rotate(q + (head * d), cosines + ((long)position * half), sines + ((long)position * half),
                    half);
            }
        }
        for (var head = 0; head < kvHeads; head++)
            slots.Store(slot, index, head, position, q + ((heads + head) * d), q + ((heads + kvHeads + head) * d));
    }

    private void Attend(int index, int window, int row, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions, int width)
    {
        int d = config.HeadDim, kvHeads = config.KvHeads, group = config.Heads / kvHeads, slot = rowSlots[row];
        var seen = SeenPositions.Of(positions[row], window, TLanes.Count);
        float* q = qkv.Pointer + ((long)row * width), output = attended.Pointer + ((long)row * attendedStride);
        for (var kvHead = 0; kvHead < kvHeads; kvHead++, q += group * d, output += group * d)
        {
            float* keys = slots.Keys(slot, index, kvHead) + ((long)seen.Start * d),
                values = slots.Values(slot, index, kvHead) + ((long)seen.Start * slots.ValueStride);
            AttentionKernels<TVector, TLanes>.Prefetch(values, seen.Length * slots.ValueStride);
            AttentionKernels<TVector, TLanes>.Scores(q, group, keys, seen.Length, d, scale, scores.Pointer, slots.Capacity, seen.Hidden);
            if (kvHead + 1 < kvHeads)
                AttentionKernels<TVector, TLanes>.Prefetch(slots.Keys(slot, index, kvHead + 1) + ((long)seen.Start * d), seen.Length * d);
            else if (row + 1 < positions.Length)
                FetchKeys(rowSlots[row + 1], index, SeenPositions.Of(positions[row + 1], window, TLanes.Count));
            for (var i = 0; i < group; i++)
                AttentionKernels<TVector, TLanes>.Mix(scores.Pointer + ((long)i * slots.Capacity), seen.Length, values, slots.ValueStride,
                    output + (i * d));
        }
    }

    private void FetchKeys(int slot, int index, SeenPositions seen) =>
        AttentionKernels<TVector, TLanes>.Prefetch(slots.Keys(slot, index, 0) + ((long)seen.Start * config.HeadDim),
            seen.Length * config.HeadDim);
}

/// <summary>The positions that a token sees, from a whole vector of keys on.</summary>
/// <param name="Start">The first that is read.</param>
/// <param name="Length">How many are read.</param>
/// <param name="Hidden">How many of these are before the window.</param>
internal readonly record struct SeenPositions(int Start, int Length, int Hidden)
{
    /// <summary>Those of a token.</summary>
    public static SeenPositions Of(int position, int window, int lanes)
    {
        var first = Math.Max(0, position - window + 1);
        var start = first / lanes * lanes;
        return new(start, position + 1 - start, first - start);
    }
}
