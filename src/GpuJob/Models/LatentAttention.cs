using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1; DeepSeek-V3 section 2.1.1). Training computes whole keys and
/// values; decoding keeps the latent and the shared rotated key alone and folds the rising projection into query and output.
/// </summary>
internal sealed class LatentAttention : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    /// <summary>ε of the latents' norms: as published, whatever rms_norm_eps says.</summary>
    public const double LatentNormEps = 1e-6;

    private readonly LatentAttentionConfig shape;
    private readonly int heads;
    private readonly double scale;
    private readonly Projection? query, queryDown, queryUp;
    private readonly RmsNorm? queryNorm;
    private readonly Projection keyValueDown, keyValueUp, output;
    private readonly RmsNorm keyValueNorm;

    public LatentAttention(ModelConfig config, Placement placement)
        : base(nameof(LatentAttention))
    {
        (shape, heads) = (config.Latent!, config.Heads);
        scale = Scale(config);
        if (shape.QueryRank is { } rank)
        {
            queryDown = new Projection(config.HiddenSize, rank, config.QkvBias, placement);
            queryNorm = new RmsNorm(rank, LatentNormEps, placement);
            queryUp = new Projection(rank, heads * shape.QueryDim, hasBias: false, placement);
            register_module("q_a_proj", queryDown);
            register_module("q_a_layernorm", queryNorm);
            register_module("q_b_proj", queryUp);
        }
        else
        {
            query = new Projection(config.HiddenSize, heads * shape.QueryDim, hasBias: false, placement);
            register_module("q_proj", query);
        }
        keyValueDown = new Projection(config.HiddenSize, shape.KvRank + shape.RopeDim, config.QkvBias, placement);
        keyValueNorm = new RmsNorm(shape.KvRank, LatentNormEps, placement);
        keyValueUp = new Projection(shape.KvRank, heads * (shape.NopeDim + shape.ValueDim), hasBias: false, placement);
        output = new Projection(heads * shape.ValueDim, config.HiddenSize, config.OutputBias, placement);
        register_module("kv_a_proj_with_mqa", keyValueDown);
        register_module("kv_a_layernorm", keyValueNorm);
        register_module("kv_b_proj", keyValueUp);
        register_module("o_proj", output);
    }

    /// <summary>What scores are multiplied by: YaRN may sharpen them (DeepSeek-V2, section 3.1.4).</summary>
    public static double Scale(ModelConfig config)
    {
        var plain = 1 / Math.Sqrt(config.Latent!.QueryDim);
        return config.Rope.Yarn is { MscaleAllDim: not 0 } yarn ? plain * Math.Pow(yarn.Sharpening(yarn.MscaleAllDim), 2) : plain;
    }

    /// <summary>x [N, hidden] → the same shape; <paramref name="layer"/> picks the cache's layer.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var q = (query?.forward(x) ?? queryUp!.forward(queryNorm!.forward(queryDown!.forward(x)))).view(-1, heads, shape.QueryDim);
        var (plain, turned) = (q.narrow(2, 0, shape.NopeDim), Rotate(q.narrow(2, shape.NopeDim, shape.RopeDim)));
        var lowered = keyValueDown.forward(x);
        var latent = keyValueNorm.forward(lowered.narrow(1, 0, shape.KvRank));
        var sharedKey = Rotate(lowered.narrow(1, shape.KvRank, shape.RopeDim).unsqueeze(1));

        context.Cache?.Store(layer, latent, sharedKey.squeeze(1));
        var attended = context.Cache is { Decoding: true } cache
            ? AttendCached(plain, turned, cache, layer)
            : AttendFully(plain, turned, latent, sharedKey, context.Segments);
        return output.forward(attended).MoveToOuterDisposeScope();

        Tensor Rotate(Tensor part) => RotaryEmbedding.Rotate(part, context.Turns.Cos, context.Turns.Sin, shape.Interleaved);
    }

    private Tensor AttendFully(Tensor plain, Tensor turned, Tensor latent, Tensor sharedKey, IReadOnlyList<Segment> segments)
    {
        var raised = keyValueUp.forward(latent).view(-1, heads, shape.NopeDim + shape.ValueDim);
        var k = cat([raised.narrow(2, 0, shape.NopeDim), sharedKey.expand(-1, heads, -1)], 2);
        return SegmentedAttention.Attend(cat([plain, turned], 2), k, raised.narrow(2, shape.NopeDim, shape.ValueDim), segments, scale);
    }

    // qᵀ(U c) = (Uᵀq)ᵀ c: scores and sums are taken in the latent's space, so no past key or value is ever raised again.
    private Tensor AttendCached(Tensor plain, Tensor turned, KvCache cache, int layer)
    {
        var (first, second, mask) = cache.Read(layer);
        var (latents, sharedKeys) = (first.squeeze(1), second.squeeze(1)); // [rows, S, rank], [rows, S, rope]
        var up = EffectiveUp(plain.dtype).view(heads, shape.NopeDim + shape.ValueDim, shape.KvRank);
        var folded = matmul(plain.transpose(0, 1), up.narrow(1, 0, shape.NopeDim)).transpose(0, 1); // [rows, H, rank]
        var scores = matmul(folded, latents.transpose(1, 2)).add(matmul(turned, sharedKeys.transpose(1, 2)), Scalars.One);
        var weights = (scores * Scalars.Of(scale)).add(mask.squeeze(1), Scalars.One).softmax(-1, ScalarType.Float32).As(plain.dtype);
        var summed = matmul(weights, latents); // [rows, H, rank]
        return matmul(summed.transpose(0, 1), up.narrow(1, shape.NopeDim, shape.ValueDim).transpose(1, 2)).transpose(0, 1)
            .reshape(plain.shape[0], heads * shape.ValueDim);
    }

    private Tensor EffectiveUp(ScalarType type)
    {
        var weight = keyValueUp.Weight.As(type);
        return keyValueUp.Adapter is { } low ? weight.add((matmul(low.B, low.A) * Scalars.Of(low.Scale)).As(type), Scalars.One) : weight;
    }
}
