using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>What the attention of every layer of one forward pass shares.</summary>
/// <param name="Cos">Rotary cosines [N, 1, rotated / 2] of the pass's N tokens.</param>
/// <param name="Sin">The sines.</param>
/// <param name="Segments">How the tokens form sequences; none sees another.</param>
/// <param name="Cache">Where keys and values go and come from when decoding; null when training.</param>
internal sealed record AttentionContext(Tensor Cos, Tensor Sin, IReadOnlyList<Segment> Segments, KvCache? Cache);

/// <summary>
/// Causal self-attention with grouped queries (arXiv 2305.13245), rotary positions, and normalised heads where the model has them.
/// </summary>
internal sealed class Attention : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly ModelConfig config;
    private readonly Projection query, key, value, output;
    private readonly RmsNorm? queryNorm, keyNorm;
    private readonly double scale;

    public Attention(ModelConfig config, Placement placement)
        : base(nameof(Attention))
    {
        this.config = config;
        scale = 1 / Math.Sqrt(config.HeadDim);
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        query = new Projection(config.HiddenSize, q, config.QkvBias, placement);
        key = new Projection(config.HiddenSize, kv, config.QkvBias, placement);
        value = new Projection(config.HiddenSize, kv, config.QkvBias, placement);
        output = new Projection(q, config.HiddenSize, config.OutputBias, placement);
        register_module("q_proj", query);
        register_module("k_proj", key);
        register_module("v_proj", value);
        register_module("o_proj", output);
        if (!config.QkNorm) return;
        queryNorm = new RmsNorm(config.HeadDim, config.RmsNormEps, placement);
        keyNorm = new RmsNorm(config.HeadDim, config.RmsNormEps, placement);
        register_module("q_norm", queryNorm);
        register_module("k_norm", keyNorm);
    }

    /// <summary>x [N, hidden] → the same shape; <paramref name="layer"/> picks the cache's layer.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var q = Heads(query, queryNorm, config.Heads);
        var k = Heads(key, keyNorm, config.KvHeads);
        var v = value.forward(x);

        context.Cache?.Store(layer, k.flatten(1), v);
        var attended = context.Cache is { Decoding: true } cache
            ? AttendCached(q, cache, layer)
            : SegmentedAttention.Attend(q, k, v.view(-1, config.KvHeads, config.HeadDim), context.Segments, scale);
        return output.forward(attended).MoveToOuterDisposeScope();

        Tensor Heads(Projection projection, RmsNorm? norm, int heads)
        {
            var projected = projection.forward(x).view(-1, heads, config.HeadDim);
            return RotaryEmbedding.Rotate(norm?.forward(projected) ?? projected, context.Cos, context.Sin);
        }
    }

    /// <summary>One query a row against the cache: two batched products beat the fused kernel at query length 1.</summary>
    private Tensor AttendCached(Tensor q, KvCache cache, int layer)
    {
        var (keys, values, mask) = cache.Read(layer); // [rows, S, KV · d] twice, [rows, 1, 1, S]
        var grouped = q.view(q.shape[0], config.KvHeads, config.Heads / config.KvHeads, config.HeadDim);
        var weights = (matmul(grouped, ByHead(keys).transpose(2, 3)) * Scalars.Of(scale)).add(mask, Scalars.One)
            .softmax(-1, ScalarType.Float32).As(q.dtype);
        return matmul(weights, ByHead(values)).view(q.shape[0], config.Heads * config.HeadDim);

        Tensor ByHead(Tensor cached) => cached.view(cached.shape[0], cached.shape[1], config.KvHeads, config.HeadDim).transpose(1, 2);
    }
}

/// <summary>Causal attention within sequences that stand behind each other.</summary>
internal static class SegmentedAttention
{
    /// <summary>q [N, H, d], k [N, KV, d], v [N, KV, e] with KV dividing H and e ≤ d → [N, H · e].</summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, IReadOnlyList<Segment> segments, double scale)
    {
        using var scope = NewDisposeScope();
        long heads = q.shape[1], width = v.shape[2];
        // The fused kernels want values as wide as the keys.
        if (width < k.shape[2]) v = nn.functional.pad(v, [0, k.shape[2] - width]);
        var parts = new List<Tensor>(segments.Count);
        long start = 0;
        foreach (var (rows, length) in segments)
        {
            var attended = TorchOps.CausalAttention(Part(q), Part(k), Part(v), scale).transpose(1, 2);
            if (width < attended.shape[3]) attended = attended.narrow(3, 0, width);
            parts.Add(attended.reshape(rows * length, heads * width));
            start += rows * length;

            Tensor Part(Tensor all) =>
                (segments.Count == 1 ? all : all.narrow(0, start, rows * length)).view(rows, length, all.shape[1], all.shape[2])
                .transpose(1, 2);
        }
        return (parts.Count == 1 ? parts[0] : cat(parts)).MoveToOuterDisposeScope();
    }
}
