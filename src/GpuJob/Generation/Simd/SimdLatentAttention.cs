using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Latent attention (<see cref="LatentAttention"/>): queries are folded into the latent's space, where all heads share one key and one
/// value a position, and what comes out is raised by head.
/// </summary>
internal sealed unsafe class SimdLatentAttention<TVector, TLanes> : SimdBlock<TVector, TLanes>, ISimdAttention
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly LatentAttentionConfig shape;
    private readonly KvSlots slots;
    private readonly SimdRotary rotary;
    private readonly FloatBuffer lowered, queries, folded, keyValues, mixed, attended, scores, scratch;
    private readonly int heads, stride, loweredStride, queryStride, foldedStride, keyValueStride, mixedStride, attendedStride;
    private readonly float scale;

    public SimdLatentAttention(ModelConfig config, SimdWeights weights, KvSlots slots, SimdRotary rotary)
    {
        (shape, this.slots, this.rotary, heads, stride) = (config.Latent!, slots, rotary, config.Heads, weights.Stride);
        var latents = weights.Layers[0].Latents!;
        var margin = 2 * TLanes.Count; // the last head's vectors may end there
        scale = (float)LatentAttention.Scale(config);
        (loweredStride, queryStride) = (latents.QueryDown?.PaddedRows ?? 0, latents.Query.PaddedRows);
        (foldedStride, keyValueStride) = ((heads * slots.KeyDim) + margin, latents.KeyValueDown.PaddedRows);
        (mixedStride, attendedStride) = (heads * slots.ValueStride, (heads * shape.ValueDim) + margin);
        (lowered, queries, folded) = (Rows(loweredStride), Rows(queryStride), Rows(foldedStride));
        (keyValues, mixed, attended) = (Rows(keyValueStride), Rows(mixedStride), Rows(attendedStride));
        (scores, scratch) = (Room((long)slots.Capacity * heads), Room(shape.RopeDim));
    }

    /// <inheritdoc/>
    public void Run(SimdLayer layer, int index, float* input, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions, float* output)
    {
        var (latents, rows) = (layer.Latents!, positions.Length);
        Query(latents, input, rows);
        Multiply(latents.KeyValueDown, input, stride, rows, keyValues.Pointer, keyValueStride);
        AddBias(keyValues.Pointer, keyValueStride, rows, latents.KeyValueDownBias, keyValueStride);
        for (var row = 0; row < rows; row++) Prepare(latents, index, row, rowSlots[row], positions[row]);
        for (var row = 0; row < rows; row++) Attend(index, row, rowSlots[row], positions[row] + 1);
        // In order: each head's vectors may end in the next one's place.
        for (var head = 0; head < heads; head++)
            Multiply(latents.Raise[head], mixed.Pointer + (head * slots.ValueStride), mixedStride, rows,
                attended.Pointer + (head * shape.ValueDim), attendedStride);
        Multiply(layer.Output, attended.Pointer, attendedStride, rows, output, stride);
    }

    private void Query(SimdLatents latents, float* input, int rows)
    {
        var source = input;
        var sourceStride = stride;
        if (latents.QueryDown is not null)
        {
            Multiply(latents.QueryDown, input, stride, rows, lowered.Pointer, loweredStride);
            AddBias(lowered.Pointer, loweredStride, rows, latents.QueryDownBias, loweredStride);
            for (var row = 0; row < rows; row++)
                RowKernels<TVector, TLanes>.RmsNormHead(lowered.Pointer + ((long)row * loweredStride), latents.QueryNorm!.Pointer,
                    shape.QueryRank!.Value, (float)LatentAttention.LatentNormEps);
            source = lowered.Pointer;
            sourceStride = loweredStride;
        }
        Multiply(latents.Query, source, sourceStride, rows, queries.Pointer, queryStride);
        for (var head = 0; head < heads; head++)
            Multiply(latents.Fold[head], queries.Pointer + (head * shape.QueryDim), queryStride, rows,
                folded.Pointer + (head * slots.KeyDim), foldedStride);
    }

    private void Prepare(SimdLatents latents, int index, int row, int slot, int position)
    {
        var (cos, sin) = rotary.Of(slides: false, slots.IsLong[slot]);
        fixed (float* cosines = cos, sines = sin)
        {
            float* c = cosines + ((long)position * shape.RopeDim / 2), s = sines + ((long)position * shape.RopeDim / 2);
            for (var head = 0; head < heads; head++)
            {
                var turned = queries.Pointer + ((long)row * queryStride) + (head * shape.QueryDim) + shape.NopeDim;
                Rotate(turned, c, s);
                var target = folded.Pointer + ((long)row * foldedStride) + (head * slots.KeyDim) + shape.KvRank;
                new ReadOnlySpan<float>(turned, shape.RopeDim).CopyTo(new Span<float>(target, shape.RopeDim));
            }
            var latent = keyValues.Pointer + ((long)row * keyValueStride);
            RowKernels<TVector, TLanes>.RmsNormHead(latent, latents.KeyValueNorm.Pointer, shape.KvRank,
                (float)LatentAttention.LatentNormEps);
            Rotate(latent + shape.KvRank, c, s);
            slots.Store(slot, index, 0, position, latent, latent);
        }
    }

    private void Rotate(float* x, float* cos, float* sin)
    {
        if (shape.Interleaved) RowKernels<TVector, TLanes>.Deinterleave(x, shape.RopeDim / 2, scratch.Pointer);
        RowKernels<TVector, TLanes>.Rotate(x, cos, sin, shape.RopeDim / 2);
    }

    private void Attend(int index, int row, int slot, int length)
    {
        float* keys = slots.Keys(slot, index, 0), values = slots.Values(slot, index, 0);
        AttentionKernels<TVector, TLanes>.Scores(folded.Pointer + ((long)row * foldedStride), heads, keys, length, slots.KeyDim, scale,
            scores.Pointer, slots.Capacity);
        for (var head = 0; head < heads; head++)
            AttentionKernels<TVector, TLanes>.Mix(scores.Pointer + ((long)head * slots.Capacity), length, values, slots.ValueStride,
                mixed.Pointer + ((long)row * mixedStride) + (head * slots.ValueStride));
    }
}
