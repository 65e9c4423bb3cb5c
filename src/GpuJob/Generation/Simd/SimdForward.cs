using System.Runtime.CompilerServices;
using R1Cloud.GpuJob.Models;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// One thread's forward pass. A row is a token with a slot and a position: rows of one pass may be next tokens of different samples or
/// neighbouring tokens of one prompt, and each row's result is bitwise the same whatever the others are.
/// </summary>
internal sealed unsafe class SimdForward<TVector, TLanes> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Most rows a pass: their activations stay in the second-level cache.</summary>
    public const int MaxRows = 64;

    private readonly ModelConfig config;
    private readonly SimdWeights weights;
    private readonly KvSlots slots;
    private readonly FloatBuffer x, h, qkv, attended, gateUp, gated, projected, scores, logits;
    private readonly float[] cos, sin;
    private readonly int attendedStride, gatedStride;

    public SimdForward(ModelConfig config, SimdWeights weights, KvSlots slots, (float[] Cos, float[] Sin) rotary)
    {
        (this.config, this.weights, this.slots, (cos, sin)) = (config, weights, slots, rotary);
        attendedStride = (config.Heads * config.HeadDim) + (2 * TLanes.Count); // the last head's vectors may end in the margin
        gatedStride = Align.Up(config.IntermediateSize, TLanes.Count);
        FloatBuffer Rows(int stride) => new((long)(MaxRows + TLanes.Rows) * stride);
        (x, h, projected) = (Rows(weights.Stride), Rows(weights.Stride), Rows(weights.Stride));
        (qkv, gateUp) = (Rows(weights.Layers[0].Qkv.PaddedRows), Rows(weights.Layers[0].GateUp.PaddedRows));
        (attended, gated, logits) = (Rows(attendedStride), Rows(gatedStride), Rows(weights.Head.PaddedRows));
        scores = new FloatBuffer((long)slots.Capacity * (config.Heads / config.KvHeads));
    }

    /// <summary>Logits of a row of the last <see cref="Project"/>: the vocabulary, then padding to whole vectors.</summary>
    public float* Logits(int row) => logits.Pointer + ((long)row * weights.Head.PaddedRows);

    /// <summary>Runs rows through the layers and keeps their keys and values.</summary>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions)
    {
        int rows = tokens.Length, stride = weights.Stride;
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(weights.Embedding.Pointer + ((long)tokens[row] * stride), stride)
                .CopyTo(new Span<float>(x.Pointer + (row * stride), stride));
        }
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var layerWeights = weights.Layers[layer];
            Normalize(layerWeights.AttentionNorm, rows);
            Attend(layerWeights, layer, rows, rowSlots, positions);
            Multiply(layerWeights.Output, attended, attendedStride, rows, projected, stride);
            AddResidual(rows, layerWeights.OutputBias);

            Normalize(layerWeights.FeedForwardNorm, rows);
            var gateUpStride = layerWeights.GateUp.PaddedRows;
            Multiply(layerWeights.GateUp, h, stride, rows, gateUp, gateUpStride);
            for (var row = 0; row < rows; row++)
            {
                var gate = gateUp.Pointer + ((long)row * gateUpStride);
                RowKernels<TVector, TLanes>.SwiGlu(gate, gate + config.IntermediateSize, gated.Pointer + ((long)row * gatedStride),
                    config.IntermediateSize);
            }
            Multiply(layerWeights.Down, gated, gatedStride, rows, projected, stride);
            AddResidual(rows, null);
        }
    }

    /// <summary>Logits of some rows of the last <see cref="Run"/>.</summary>
    public void Project(int first, int rows)
    {
        var stride = weights.Stride;
        for (var row = 0; row < rows; row++)
        {
            RowKernels<TVector, TLanes>.RmsNorm(x.Pointer + ((first + row) * stride), weights.FinalNorm.Pointer, h.Pointer + (row * stride),
                config.HiddenSize, (float)config.RmsNormEps);
        }
        Multiply(weights.Head, h, stride, rows, logits, weights.Head.PaddedRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(SimdWeights.Layer layerWeights, int layer, int rows, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions)
    {
        int d = config.HeadDim, half = d / 2, heads = config.Heads, kvHeads = config.KvHeads, group = heads / kvHeads,
            stride = layerWeights.Qkv.PaddedRows;
        Multiply(layerWeights.Qkv, h, weights.Stride, rows, qkv, stride);
        fixed (float* cosines = cos, sines = sin)
        {
            for (var row = 0; row < rows; row++)
            {
                var q = qkv.Pointer + ((long)row * stride);
                var position = positions[row];
                if (layerWeights.QkvBias is not null) RowKernels<TVector, TLanes>.Add(q, layerWeights.QkvBias.Pointer, stride);
                for (var head = 0; head < heads + kvHeads; head++)
                {
                    if (config.QkNorm)
                        RowKernels<TVector, TLanes>.RmsNormHead(q + (head * d),
                            (head < heads ? layerWeights.QueryNorm : layerWeights.KeyNorm)!.Pointer, d, (float)config.RmsNormEps);
                    RowKernels<TVector, TLanes>.Rotate(q + (head * d), cosines + ((long)position * half), sines + ((long)position * half),
                        half);
                }
                for (var head = 0; head < kvHeads; head++)
                    slots.Store(rowSlots[row], layer, head, position, q + ((heads + head) * d), q + ((heads + kvHeads + head) * d));
            }
        }
        var scale = 1f / MathF.Sqrt(d);
        for (var row = 0; row < rows; row++)
        {
            int slot = rowSlots[row], length = positions[row] + 1;
            float* q = qkv.Pointer + ((long)row * stride), output = attended.Pointer + ((long)row * attendedStride);
            for (var kvHead = 0; kvHead < kvHeads; kvHead++, q += group * d, output += group * d)
            {
                float* keys = slots.Keys(slot, layer, kvHead), values = slots.Values(slot, layer, kvHead);
                AttentionKernels<TVector, TLanes>.Prefetch(values, length * slots.ValueStride);
                AttentionKernels<TVector, TLanes>.Scores(q, group, keys, length, d, scale, scores.Pointer, slots.Capacity);
                if (kvHead + 1 < kvHeads) AttentionKernels<TVector, TLanes>.Prefetch(slots.Keys(slot, layer, kvHead + 1), length * d);
                else if (row + 1 < rows)
                    AttentionKernels<TVector, TLanes>.Prefetch(slots.Keys(rowSlots[row + 1], layer, 0), (positions[row + 1] + 1) * d);
                for (var i = 0; i < group; i++)
                    AttentionKernels<TVector, TLanes>.Mix(scores.Pointer + ((long)i * slots.Capacity), length, values, slots.ValueStride,
                        output + (i * d));
            }
        }
    }

    private void Normalize(FloatBuffer scale, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            var offset = row * weights.Stride;
            RowKernels<TVector, TLanes>.RmsNorm(x.Pointer + offset, scale.Pointer, h.Pointer + offset, config.HiddenSize,
                (float)config.RmsNormEps);
        }
    }

    private void AddResidual(int rows, FloatBuffer? bias)
    {
        for (var row = 0; row < rows; row++)
        {
            var offset = row * weights.Stride;
            RowKernels<TVector, TLanes>.Add(x.Pointer + offset, projected.Pointer + offset, config.HiddenSize);
            if (bias is not null) RowKernels<TVector, TLanes>.Add(x.Pointer + offset, bias.Pointer, config.HiddenSize);
        }
    }

    private static void Multiply(PackedMatrix matrix, FloatBuffer source, int sourceStride, int rows, FloatBuffer target,
        int targetStride) =>
        MatrixKernels<TVector, TLanes>.Multiply(matrix, source.Pointer, sourceStride, rows, target.Pointer, targetStride);

    public void Dispose()
    {
        foreach (var buffer in new[] { x, h, qkv, attended, gateUp, gated, projected, scores, logits }) buffer.Dispose();
    }
}
