using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>One decoder layer: attention and a feed-forward block, each behind an RMSNorm and around a residual.</summary>
internal sealed class DecoderLayer : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly RmsNorm attentionNorm, feedForwardNorm;
    private readonly nn.Module<Tensor, AttentionContext, int, Tensor> attention;
    private readonly nn.Module<Tensor, Tensor> feedForward;

    public DecoderLayer(ModelConfig config, int layer, Placement placement)
        : base(nameof(DecoderLayer))
    {
        attentionNorm = new RmsNorm(config.HiddenSize, config.RmsNormEps, placement);
        attention = config.Latent is null ? new Attention(config, placement) : new LatentAttention(config, placement);
        feedForwardNorm = new RmsNorm(config.HiddenSize, config.RmsNormEps, placement);
        feedForward = config.HasExperts(layer)
            ? new MixtureOfExperts(config, placement) : new SwiGlu(config.HiddenSize, config.IntermediateSize, placement, config.MlpBias);
        register_module("self_attn", attention);
        register_module("mlp", feedForward);
        register_module("input_layernorm", attentionNorm);
        register_module("post_attention_layernorm", feedForwardNorm);
    }

    /// <summary>x [N, hidden] → the same shape.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var mixed = x.add(attention.forward(attentionNorm.forward(x), context, layer), Scalars.One);
        return mixed.add(feedForward.forward(feedForwardNorm.forward(mixed)), Scalars.One).MoveToOuterDisposeScope();
    }
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
