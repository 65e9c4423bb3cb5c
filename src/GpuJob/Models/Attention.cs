using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>What the attention of every layer of one forward pass shares.</summary>
/// <param name="Cos">Rotary cosines that broadcast to [B, T, H, head_dim / 2].</param>
/// <param name="Sin">The sines.</param>
/// <param name="Cache">Where keys and values go and come from when decoding; null when training.</param>
internal sealed record AttentionContext(Tensor Cos, Tensor Sin, KvCache? Cache);

/// <summary>Causal self-attention with grouped queries (arXiv 2305.13245) and rotary positions.</summary>
internal sealed class Attention : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly ModelConfig config;
    private readonly Projection query, key, value, output;
    private readonly double scale;

    public Attention(ModelConfig config, Device device)
        : base(nameof(Attention))
    {
        this.config = config;
        scale = 1 / Math.Sqrt(config.HeadDim);
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        query = new Projection(config.HiddenSize, q, config.QkvBias, device);
        key = new Projection(config.HiddenSize, kv, config.QkvBias, device);
        value = new Projection(config.HiddenSize, kv, config.QkvBias, device);
        output = new Projection(q, config.HiddenSize, config.OutputBias, device);
        register_module("q_proj", query);
        register_module("k_proj", key);
        register_module("v_proj", value);
        register_module("o_proj", output);
    }

    /// <summary>x [B, T, hidden] → the same shape; <paramref name="layer"/> picks the cache's layer.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        long batch = x.shape[0], time = x.shape[1];
        var q = RotaryEmbedding.Rotate(query.forward(x).view(batch, time, config.Heads, config.HeadDim), context.Cos, context.Sin);
        var k = RotaryEmbedding.Rotate(key.forward(x).view(batch, time, config.KvHeads, config.HeadDim), context.Cos, context.Sin);
        var v = value.forward(x).view(batch, time, config.KvHeads, config.HeadDim);

        context.Cache?.Store(layer, k, v);
        var attended = context.Cache is { Decoding: true } cache
            ? AttendCached(q, cache, layer)
            : TorchOps.CausalAttention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), scale).transpose(1, 2);
        return output.forward(attended.reshape(batch, time, config.Heads * config.HeadDim)).MoveToOuterDisposeScope();
    }

    /// <summary>One query a row against the cache: two batched products beat the fused kernel at query length 1.</summary>
    private Tensor AttendCached(Tensor q, KvCache cache, int layer)
    {
        var (keys, values, mask) = cache.Read(layer); // [B, KV, S, d] twice, [B, 1, 1, S]
        var grouped = q.view(q.shape[0], config.KvHeads, config.Heads / config.KvHeads, config.HeadDim);
        var weights = (matmul(grouped, keys.transpose(2, 3)) * scale + mask).softmax(-1);
        return matmul(weights, values);
    }
}

/// <summary>One decoder layer: attention and SwiGLU, each behind an RMSNorm and around a residual.</summary>
internal sealed class DecoderLayer : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly RmsNorm attentionNorm, feedForwardNorm;
    private readonly Attention attention;
    private readonly SwiGlu feedForward;

    public DecoderLayer(ModelConfig config, Device device)
        : base(nameof(DecoderLayer))
    {
        attentionNorm = new RmsNorm(config.HiddenSize, config.RmsNormEps, device);
        attention = new Attention(config, device);
        feedForwardNorm = new RmsNorm(config.HiddenSize, config.RmsNormEps, device);
        feedForward = new SwiGlu(config, device);
        register_module("self_attn", attention);
        register_module("mlp", feedForward);
        register_module("input_layernorm", attentionNorm);
        register_module("post_attention_layernorm", feedForwardNorm);
    }

    /// <summary>x [B, T, hidden] → the same shape.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var mixed = x + attention.forward(attentionNorm.forward(x), context, layer);
        return (mixed + feedForward.forward(feedForwardNorm.forward(mixed))).MoveToOuterDisposeScope();
    }
}
