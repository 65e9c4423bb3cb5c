using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// One thread's forward pass. A row is a token with a slot and a position: rows of one pass may be next tokens of different samples or
/// neighbouring tokens of one prompt, and each row's result is bitwise the same whatever the others are.
/// </summary>
internal sealed unsafe class SimdForward<TVector, TLanes> : SimdBlock<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly ModelConfig config;
    private readonly SimdWeights weights;
    private readonly ISimdAttention attention;
    private readonly SimdFeedForward<TVector, TLanes> feedForward;
    private readonly FloatBuffer x, h, projected, logits;
    private readonly int stride;

    public SimdForward(ModelConfig config, SimdWeights weights, KvSlots slots, SimdRotary rotary)
    {
        (this.config, this.weights, stride) = (config, weights, weights.Stride);
        attention = config.Latent is null
            ? new SimdAttention<TVector, TLanes>(config, weights, slots, rotary)
            : new SimdLatentAttention<TVector, TLanes>(config, weights, slots, rotary);
        feedForward = new(config, weights);
        (x, h, projected, logits) = (Rows(stride), Rows(stride), Rows(stride), Rows(weights.Head.PaddedRows));
    }

    /// <summary>Logits of a row of the last <see cref="Project"/>: the vocabulary, then padding to whole vectors.</summary>
    public float* Logits(int row) => logits.Pointer + ((long)row * weights.Head.PaddedRows);

    /// <summary>Runs rows through the layers and keeps their keys and values.</summary>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<int> rowSlots, ReadOnlySpan<int> positions)
    {
        var rows = tokens.Length;
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(weights.Embedding.Pointer + ((long)tokens[row] * stride), stride)
                .CopyTo(new Span<float>(x.Pointer + (row * stride), stride));
        }
        for (var index = 0; index < config.Layers; index++)
        {
            var layer = weights.Layers[index];
            attention.Run(layer, index, Normalized(layer.AttentionIn, rows), rowSlots[..rows], positions[..rows], projected.Pointer);
            AddResidual(rows, layer.OutputBias, layer.AttentionOut);
            feedForward.Run(layer, Normalized(layer.FeedForwardIn, rows), rows, projected.Pointer);
            AddResidual(rows, null, layer.FeedForwardOut);
        }
    }

    /// <summary>Logits of some rows of the last <see cref="Run"/>.</summary>
    public void Project(int first, int rows)
    {
        for (var row = 0; row < rows; row++) Normalize(x.Pointer + ((first + row) * stride), weights.FinalNorm, h.Pointer + (row * stride));
        Multiply(weights.Head, h.Pointer, stride, rows, logits.Pointer, weights.Head.PaddedRows);
    }

    private float* Normalized(FloatBuffer? scale, int rows)
    {
        if (scale is null) return x.Pointer;
        for (var row = 0; row < rows; row++) Normalize(x.Pointer + (row * stride), scale, h.Pointer + (row * stride));
        return h.Pointer;
    }

    private void Normalize(float* source, FloatBuffer scale, float* target) =>
        RowKernels<TVector, TLanes>.RmsNorm(source, scale.Pointer, target, config.HiddenSize, (float)config.RmsNormEps);

    private void AddResidual(int rows, FloatBuffer? bias, FloatBuffer? norm)
    {
        for (var row = 0; row < rows; row++)
        {
            float* target = x.Pointer + (row * stride), addition = projected.Pointer + (row * stride);
            if (norm is not null)
            {
                if (bias is not null) RowKernels<TVector, TLanes>.Add(addition, bias.Pointer, config.HiddenSize);
                Normalize(addition, norm, addition);
            }
            RowKernels<TVector, TLanes>.Add(target, addition, config.HiddenSize);
            if (norm is null && bias is not null) RowKernels<TVector, TLanes>.Add(target, bias.Pointer, config.HiddenSize);
        }
    }

    public override void Dispose()
    {
        attention.Dispose();
        feedForward.Dispose();
        base.Dispose();
    }
}
