using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// One decoder layer: attention and a feed-forward block, each around a residual, with RMSNorms before, behind or around them.
/// </summary>
internal sealed class DecoderLayer : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly RmsNorm? attentionIn, attentionOut, feedForwardIn, feedForwardOut;
    private readonly nn.Module<Tensor, AttentionContext, int, Tensor> attention;
    private readonly nn.Module<Tensor, Tensor> feedForward;

    public DecoderLayer(ModelConfig config, int layer, Placement placement)
        : base(nameof(DecoderLayer))
    {
        attention = config.Latent is null ? new Attention(config, layer, placement) : new LatentAttention(config, placement);
        feedForward = config.HasExperts(layer)
            ? new MixtureOfExperts(config, placement) : new GatedFeedForward(config, config.IntermediateSize, placement, config.MlpBias);
        register_module("self_attn", attention);
        register_module("mlp", feedForward);
        var names = LayerNorms.Of(config.Architecture.Norms);
        (attentionIn, attentionOut) = (Norm(names.AttentionIn), Norm(names.AttentionOut));
        (feedForwardIn, feedForwardOut) = (Norm(names.FeedForwardIn), Norm(names.FeedForwardOut));

        RmsNorm? Norm(string? name)
        {
            if (name is null) return null;
            var norm = new RmsNorm(config.HiddenSize, config.RmsNormEps, placement, config.Architecture.NormsAroundOne);
            register_module(name, norm);
            return norm;
        }
    }

    /// <summary>Chooses experts; null in a dense layer.</summary>
    public ExpertRouter? Router => (feedForward as MixtureOfExperts)?.Router;

    /// <summary>x [N, hidden] → the same shape.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var attended = attention.forward(Through(attentionIn, x), context, layer);
        var mixed = x.add(Through(attentionOut, attended), Scalars.One);
        return mixed.add(Through(feedForwardOut, feedForward.forward(Through(feedForwardIn, mixed))), Scalars.One)
            .MoveToOuterDisposeScope();

        static Tensor Through(RmsNorm? norm, Tensor x) => norm?.forward(x) ?? x;
    }
}

/// <summary>The names of a layer's norms; null where there is none.</summary>
internal sealed record LayerNorms(string? AttentionIn, string? AttentionOut, string? FeedForwardIn, string? FeedForwardOut)
{
    private static readonly Dictionary<NormPlacement, LayerNorms> All = new()
    {
        [NormPlacement.Before] = new("input_layernorm", null, "post_attention_layernorm", null),
        [NormPlacement.After] = new(null, "post_attention_layernorm", null, "post_feedforward_layernorm"),
        [NormPlacement.Around] =
            new("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"),
    };

    /// <summary>Those of a placement.</summary>
    public static LayerNorms Of(NormPlacement placement) => All[placement];
}

/// <summary>Modules named 0, 1, 2…</summary>
internal sealed class Numbered : nn.Module
{
    public Numbered(IReadOnlyList<nn.Module> modules)
        : base(nameof(Numbered))
    {
        for (var i = 0; i < modules.Count; i++) register_module($"{i}", modules[i]);
    }
}
