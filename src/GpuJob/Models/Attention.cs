using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Cosines and sines of a pass's N tokens [N, 1, rotated / 2].</summary>
internal sealed record RotaryTurns(Tensor Cos, Tensor Sin)
{
    /// <summary>The same on a device.</summary>
    public RotaryTurns On(Device device) => new(Cos.to(device), Sin.to(device));
}

/// <summary>What the attention of every layer of one forward pass shares.</summary>
/// <param name="Turns">The rotary embedding at the pass's tokens.</param>
/// <param name="LocalTurns">That of sliding layers, where it is another; else null.</param>
/// <param name="Segments">How the tokens form sequences; none sees another.</param>
/// <param name="Cache">Where keys and values go and come from when decoding; null when training.</param>
internal sealed record AttentionContext(RotaryTurns Turns, RotaryTurns? LocalTurns, IReadOnlyList<Segment> Segments, KvCache? Cache)
{
    /// <summary>The same for layers on a device; tables belong to the caller's scope.</summary>
    public AttentionContext On(Device device) => this with { Turns = Turns.On(device), LocalTurns = LocalTurns?.On(device) };
}

/// <summary>
/// Causal self-attention with grouped queries (arXiv 2305.13245), rotary positions, and what architectures add: normalised queries and
/// keys, a window, one tensor for queries, keys and values, a part of each head that is not rotated.
/// </summary>
internal sealed class Attention : nn.Module<Tensor, AttentionContext, int, Tensor>
{
    private readonly ModelConfig config;
    private readonly Projection? query, key, value, fused;
    private readonly Projection output;
    private readonly RmsNorm? queryNorm, keyNorm;
    private readonly int? window;
    private readonly int queryWidth, keyWidth;
    private readonly bool slides;

    public Attention(ModelConfig config, int layer, Placement placement)
        : base(nameof(Attention))
    {
        this.config = config;
        (slides, window) = (config.Slides(layer), config.Window(layer));
        (queryWidth, keyWidth) = (config.Heads * config.HeadDim, config.KvHeads * config.HeadDim);
        if (config.Architecture.Fused)
        {
            fused = new Projection(config.HiddenSize, queryWidth + (2 * keyWidth), config.QkvBias, placement);
            register_module("qkv_proj", fused);
        }
        else
        {
            query = new Projection(config.HiddenSize, queryWidth, config.QkvBias, placement);
            key = new Projection(config.HiddenSize, keyWidth, config.QkvBias, placement);
            value = new Projection(config.HiddenSize, keyWidth, config.QkvBias, placement);
            register_module("q_proj", query);
            register_module("k_proj", key);
            register_module("v_proj", value);
        }
        output = new Projection(queryWidth, config.HiddenSize, config.OutputBias, placement);
        register_module("o_proj", output);
        if (!config.QkNorm) return;
        var (across, aroundOne) = (config.Architecture.QkNormAcrossHeads, config.Architecture.NormsAroundOne);
        queryNorm = new RmsNorm(across ? queryWidth : config.HeadDim, config.RmsNormEps, placement, aroundOne);
        keyNorm = new RmsNorm(across ? keyWidth : config.HeadDim, config.RmsNormEps, placement, aroundOne);
        register_module("q_norm", queryNorm);
        register_module("k_norm", keyNorm);
    }

    /// <summary>x [N, hidden] → the same shape; <paramref name="layer"/> picks the cache's layer.</summary>
    public override Tensor forward(Tensor x, AttentionContext context, int layer)
    {
        using var scope = NewDisposeScope();
        var all = fused?.forward(x);
        var turns = slides && context.LocalTurns is { } local ? local : context.Turns;
        var q = Heads(all?.narrow(1, 0, queryWidth) ?? query!.forward(x), queryNorm, config.Heads);
        var k = Heads(all?.narrow(1, queryWidth, keyWidth) ?? key!.forward(x), keyNorm, config.KvHeads);
        var v = all?.narrow(1, queryWidth + keyWidth, keyWidth) ?? value!.forward(x);

        context.Cache?.Store(layer, k.flatten(1), v);
        var attended = context.Cache is { Decoding: true } cache
            ? AttendCached(q, cache, layer)
            : SegmentedAttention.Attend(q, k, v.reshape(-1, config.KvHeads, config.HeadDim), context.Segments, config.AttentionScale,
                window);
        return output.forward(attended).MoveToOuterDisposeScope();

        Tensor Heads(Tensor projected, RmsNorm? norm, int heads)
        {
            var across = config.Architecture.QkNormAcrossHeads;
            if (across && norm is not null) projected = norm.forward(projected);
            var split = projected.reshape(-1, heads, config.HeadDim);
            return Rotate(across || norm is null ? split : norm.forward(split), turns);
        }
    }

    private Tensor Rotate(Tensor heads, RotaryTurns turns)
    {
        int rotated = config.RotatedDim, rest = config.HeadDim - rotated;
        if (rest == 0) return RotaryEmbedding.Rotate(heads, turns.Cos, turns.Sin);
        return cat([RotaryEmbedding.Rotate(heads.narrow(2, 0, rotated), turns.Cos, turns.Sin), heads.narrow(2, rotated, rest)], 2);
    }

    // One query a row against the cache: two batched products beat the fused kernel at query length 1.
    private Tensor AttendCached(Tensor q, KvCache cache, int layer)
    {
        var (keys, values, mask) = cache.Read(layer); // [rows, KV, S, d] twice, [rows, 1, 1, S]
        var grouped = q.view(q.shape[0], config.KvHeads, config.Heads / config.KvHeads, config.HeadDim);
        var weights = (matmul(grouped, keys.transpose(2, 3)) * Scalars.Of(config.AttentionScale)).add(mask, Scalars.One)
            .softmax(-1, ScalarType.Float32).As(q.dtype);
        return matmul(weights, values).view(q.shape[0], config.Heads * config.HeadDim);
    }
}

/// <summary>Causal attention within sequences that stand behind each other.</summary>
internal static class SegmentedAttention
{
    private const int LeastBlock = 128;

    /// <summary>q [N, H, d], k [N, KV, d], v [N, KV, e] with KV dividing H and e ≤ d → [N, H · e].</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="segments">How the N tokens form sequences.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="window">Positions that a token sees, its own included; null for the whole past.</param>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, IReadOnlyList<Segment> segments, double scale, int? window = null)
    {
        using var scope = NewDisposeScope();
        long heads = q.shape[1], width = v.shape[2];
        // The fused kernels want values as wide as the keys.
        if (width < k.shape[2]) v = nn.functional.pad(v, [0, k.shape[2] - width]);
        var parts = new List<Tensor>(segments.Count);
        long start = 0;
        foreach (var (rows, length) in segments)
        {
            var attended = (window < length
                ? AttendWindow(Part(q), Part(k), Part(v), scale, window.Value)
                : TorchOps.CausalAttention(Part(q), Part(k), Part(v), scale)).transpose(1, 2);
            if (width < attended.shape[3]) attended = attended.narrow(3, 0, width);
            parts.Add(attended.reshape(rows * length, heads * width));
            start += rows * length;

            Tensor Part(Tensor all) =>
                (segments.Count == 1 ? all : all.narrow(0, start, rows * length)).view(rows, length, all.shape[1], all.shape[2])
                .transpose(1, 2);
        }
        return (parts.Count == 1 ? parts[0] : cat(parts)).MoveToOuterDisposeScope();
    }

    // q [B, H, T, d], k and v [B, KV, T, d]: blocks of queries, each against the keys that one of them sees, so that memory and time grow
    // with the window instead of the length.
    private static Tensor AttendWindow(Tensor q, Tensor k, Tensor v, double scale, int window)
    {
        using var scope = NewDisposeScope();
        long length = q.shape[2], block = Math.Max(window, LeastBlock);
        var parts = new List<Tensor>();
        for (var start = 0L; start < length; start += block)
        {
            long queries = Math.Min(block, length - start), first = Math.Max(0, start - window + 1), keys = start + queries - first;
            // How far behind its query each key is.
            var behind = Scalars.Range(queries, q.device).unsqueeze(1) - Scalars.Range(keys, q.device).unsqueeze(0);
            behind = Scalars.Use(start - first, offset => behind.add(offset, Scalars.One));
            var seen = behind.ge(Scalars.Zero).logical_and(behind.lt(Scalars.Of((long)window)));
            parts.Add(
                TorchOps.MaskedAttention(q.narrow(2, start, queries), k.narrow(2, first, keys), v.narrow(2, first, keys), seen, scale));
        }
        return (parts.Count == 1 ? parts[0] : cat(parts, 2)).MoveToOuterDisposeScope();
    }
}
