using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// A decoder's weights as the kernels want them; read by all threads, written between generations. What a forward pass would do to a
/// weight each time is done to it here: 1 + w of norms, the factor on embeddings.
/// </summary>
internal sealed unsafe class SimdWeights : IDisposable
{
    private readonly ModelConfig config;
    private readonly int panel;
    private readonly List<IDisposable> owned = [];

    /// <summary>Makes room for a model's weights.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="lanes">Floats a vector.</param>
    public SimdWeights(ModelConfig config, int lanes)
    {
        this.config = config;
        panel = 2 * lanes;
        Stride = Align.Up(config.HiddenSize, panel);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(MakeLayer)];
        FinalNorm = Vector(config.HiddenSize);
        Embedding = Own(new FloatBuffer((long)config.VocabularySize * Stride));
        Head = Matrix(config.VocabularySize, config.HiddenSize);
    }

    /// <summary>Floats from row to row of the residual stream: the hidden size, filled up with zeros.</summary>
    public int Stride { get; }
    /// <summary>The layers.</summary>
    public IReadOnlyList<SimdLayer> Layers { get; }
    /// <summary>Scale of the last norm.</summary>
    public FloatBuffer FinalNorm { get; }
    /// <summary>[vocabulary, <see cref="Stride"/>].</summary>
    public FloatBuffer Embedding { get; }
    /// <summary>The output projection.</summary>
    public PackedMatrix Head { get; }

    private SimdLayer MakeLayer(int layer)
    {
        var norms = LayerNorms.Of(config.Architecture.Norms);
        FloatBuffer? Norm(string? name) => name is null ? null : Vector(config.HiddenSize);
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        var across = config.Architecture.QkNormAcrossHeads;
        return new(
            Norm(norms.AttentionIn), Norm(norms.AttentionOut), Norm(norms.FeedForwardIn), Norm(norms.FeedForwardOut),
            config.Latent is null
                ? new(Matrix(q + (2 * kv), config.HiddenSize), Vector(q + (2 * kv), config.QkvBias),
                    Vector(across ? q : config.HeadDim, config.QkNorm), Vector(across ? kv : config.HeadDim, config.QkNorm))
                : null,
            config.Latent is { } latent ? MakeLatents(latent) : null,
            Matrix(config.HiddenSize, config.Latent is { } values ? config.Heads * values.ValueDim : q),
            Vector(config.HiddenSize, config.OutputBias),
            config.HasExperts(layer) ? null : MakeDense(config.IntermediateSize, config.MlpBias),
            config.HasExperts(layer) ? MakeExperts(config.Experts!) : null);
    }

    private SimdLatents MakeLatents(LatentAttentionConfig latent)
    {
        PackedMatrix[] ByHead(int rows, int columns) => [.. Enumerable.Range(0, config.Heads).Select(_ => Matrix(rows, columns))];
        var lowered = latent.KvRank + latent.RopeDim;
        return new(
            latent.QueryRank is { } rank ? Matrix(rank, config.HiddenSize) : null,
            latent.QueryRank is { } biased ? Vector(biased, config.QkvBias) : null,
            latent.QueryRank is { } normed ? Vector(normed) : null,
            Matrix(config.Heads * latent.QueryDim, latent.QueryRank ?? config.HiddenSize),
            Matrix(lowered, config.HiddenSize), Vector(lowered, config.QkvBias), Vector(latent.KvRank),
            ByHead(latent.KvRank, latent.NopeDim), ByHead(latent.ValueDim, latent.KvRank));
    }

    private SimdDense MakeDense(int intermediate, bool hasBias) => new(
        intermediate, Matrix(2 * intermediate, config.HiddenSize), Matrix(config.HiddenSize, intermediate),
        Vector(2 * intermediate, hasBias), Vector(config.HiddenSize, hasBias));

    private SimdExperts MakeExperts(ExpertsConfig experts) => new(
        Matrix(experts.Routed, config.HiddenSize), experts.Scoring == ExpertScoring.Sigmoid ? new float[experts.Routed] : null,
        [.. Enumerable.Range(0, experts.Routed).Select(_ => MakeDense(experts.IntermediateSize, hasBias: false))],
        experts.Shared == 0 ? null : MakeDense(experts.IntermediateSize * experts.Shared, hasBias: false));

    /// <summary>Takes over a model's weights as they are now.</summary>
    public void Load(CausalLm model, int threads)
    {
        using var scope = NewDisposeScope();
        var tensors = model.EffectiveWeights().ToDictionary(weight => weight.Name, weight => weight.Tensor, StringComparer.Ordinal);
        var work = new List<Action>
        {
            () => CopyRows(tensors["model.embed_tokens.weight"], Embedding, Stride, factor: TokenEmbedding.Scale(config)),
            () => Head.Pack(model.HeadWeight.Stored(), 0),
            () => CopyNorm(tensors["model.norm.weight"], FinalNorm),
        };
        foreach (var (index, layer) in Layers.Index())
        {
            var of = new LayerTensors(tensors, $"model.layers.{index}.");
            work.Add(() => LoadAttention(layer, of));
            if (layer.Dense is { } dense) work.Add(() => LoadDense(dense, of.In("mlp.")));
            if (layer.Experts is not { } experts) continue;
            work.Add(() => LoadRouter(experts, of.In("mlp.")));
            foreach (var (number, expert) in experts.Routed.Index()) work.Add(() => LoadDense(expert, of.In($"mlp.experts.{number}.")));
        }
        Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = threads }, action => action());
    }

    private void LoadAttention(SimdLayer layer, LayerTensors of)
    {
        var norms = LayerNorms.Of(config.Architecture.Norms);
        foreach (var (name, target) in new[] { (norms.AttentionIn, layer.AttentionIn), (norms.AttentionOut, layer.AttentionOut),
            (norms.FeedForwardIn, layer.FeedForwardIn), (norms.FeedForwardOut, layer.FeedForwardOut) })
        {
            if (name is not null) CopyNorm(of[name + ".weight"], target!);
        }
        layer.Output.Pack(of["self_attn.o_proj.weight"], 0);
        if (layer.OutputBias is not null) CopyRows(of["self_attn.o_proj.bias"], layer.OutputBias, Stride);
        if (layer.Heads is { } heads) LoadHeads(heads, of.In("self_attn."));
        else LoadLatents(layer.Latents!, config.Latent!, of.In("self_attn."));
    }

    private void LoadHeads(SimdHeads heads, LayerTensors of)
    {
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        (string Name, int Row)[] parts =
            config.Architecture.Fused ? [("qkv_proj", 0)] : [("q_proj", 0), ("k_proj", q), ("v_proj", q + kv)];
        foreach (var (name, row) in parts)
        {
            heads.Qkv.Pack(of[name + ".weight"], row);
            if (heads.Bias is not null) CopyTo(of[name + ".bias"], heads.Bias.Pointer + row);
        }
        if (heads.QueryNorm is not null) CopyNorm(of["q_norm.weight"], heads.QueryNorm);
        if (heads.KeyNorm is not null) CopyNorm(of["k_norm.weight"], heads.KeyNorm);
    }

    private void LoadLatents(SimdLatents latents, LatentAttentionConfig shape, LayerTensors of)
    {
        using var scope = NewDisposeScope();
        if (latents.QueryDown is not null)
        {
            latents.QueryDown.Pack(of["q_a_proj.weight"], 0);
            if (latents.QueryDownBias is not null) CopyTo(of["q_a_proj.bias"], latents.QueryDownBias.Pointer);
            CopyTo(of["q_a_layernorm.weight"], latents.QueryNorm!.Pointer);
        }
        latents.Query.Pack(of[latents.QueryDown is null ? "q_proj.weight" : "q_b_proj.weight"], 0);
        latents.KeyValueDown.Pack(of["kv_a_proj_with_mqa.weight"], 0);
        if (latents.KeyValueDownBias is not null) CopyTo(of["kv_a_proj_with_mqa.bias"], latents.KeyValueDownBias.Pointer);
        CopyTo(of["kv_a_layernorm.weight"], latents.KeyValueNorm.Pointer);
        var up = of["kv_b_proj.weight"].detach().view(config.Heads, shape.NopeDim + shape.ValueDim, shape.KvRank);
        for (var head = 0; head < config.Heads; head++)
        {
            latents.Fold[head].Pack(up[head].narrow(0, 0, shape.NopeDim).t().contiguous(), 0);
            latents.Raise[head].Pack(up[head].narrow(0, shape.NopeDim, shape.ValueDim).contiguous(), 0);
        }
    }

    private void LoadRouter(SimdExperts experts, LayerTensors of)
    {
        experts.Router.Pack(of["gate.weight"], 0);
        if (experts.Correction is not null)
        {
            fixed (float* correction = experts.Correction) CopyTo(of["gate.e_score_correction_bias"], correction);
        }
        if (experts.Shared is not null) LoadDense(experts.Shared, of.In("shared_experts."));
    }

    private void LoadDense(SimdDense dense, LayerTensors of)
    {
        (string Name, int Row)[] parts =
            config.Architecture.Fused ? [("gate_up_proj", 0)] : [("gate_proj", 0), ("up_proj", dense.Intermediate)];
        foreach (var (name, row) in parts)
        {
            dense.GateUp.Pack(of[name + ".weight"], row);
            if (dense.GateUpBias is not null) CopyTo(of[name + ".bias"], dense.GateUpBias.Pointer + row);
        }
        dense.Down.Pack(of["down_proj.weight"], 0);
        if (dense.DownBias is not null) CopyTo(of["down_proj.bias"], dense.DownBias.Pointer);
    }

    private void CopyNorm(Tensor source, FloatBuffer target)
    {
        CopyTo(source, target.Pointer);
        if (!config.Architecture.NormsAroundOne) return;
        for (var i = 0L; i < source.numel(); i++) target.Pointer[i] += 1;
    }

    private static void CopyTo(Tensor source, float* target)
    {
        using var scope = NewDisposeScope();
        var content = TensorMemory.AsFloats(source);
        var bytes = content.numel() * sizeof(float);
        Buffer.MemoryCopy(TensorMemory.Pointer(content), target, bytes, bytes);
    }

    private static void CopyRows(Tensor source, FloatBuffer target, int stride, float? factor = null)
    {
        using var scope = NewDisposeScope();
        var content = TensorMemory.AsFloats(source);
        var width = content.shape[^1];
        var from = (float*)TensorMemory.Pointer(content);
        for (var row = 0L; row < content.numel() / width; row++)
        {
            var to = target.Pointer + (row * stride);
            Buffer.MemoryCopy(from + (row * width), to, width * sizeof(float), width * sizeof(float));
            for (var i = 0L; factor is not null && i < width; i++) to[i] *= factor.Value;
        }
    }

    private PackedMatrix Matrix(int rows, int columns) => Own(new PackedMatrix(rows, columns, panel));

    private FloatBuffer Vector(int size) => Own(new FloatBuffer(Align.Up(size, panel)));

    private FloatBuffer? Vector(int size, bool exists) => exists ? Vector(size) : null;

    private T Own<T>(T resource)
        where T : IDisposable
    {
        owned.Add(resource);
        return resource;
    }

    public void Dispose()
    {
        foreach (var resource in owned) resource.Dispose();
    }

    // A layer's tensors by the rest of their names.
    private sealed record LayerTensors(IReadOnlyDictionary<string, Tensor> All, string Prefix)
    {
        public Tensor this[string name] => All[Prefix + name];

        public LayerTensors In(string part) => this with { Prefix = Prefix + part };
    }
}
