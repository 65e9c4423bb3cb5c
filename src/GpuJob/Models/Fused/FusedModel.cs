using R1Cloud.GpuJob.Numerics.Simd;
using TorchSharp.Modules;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>A model's weights in panels, and the memory that its passes use one after another.</summary>
internal sealed class FusedModel : IDisposable
{
    /// <summary>Rows of the vocabulary whose logits exist at once.</summary>
    public const int VocabularyChunk = 1024;

    private readonly FloatBuffer?[] spare = new FloatBuffer?[1];

    public FusedModel(CausalLm model, int panel)
    {
        (Shape, Panel) = (new FusedShape(model.Config), panel);
        Parameters = [.. model.Parameters.Select(parameter => parameter.parameter)];
        var places = model.Parameters.Index().ToDictionary(item => item.Item.name, item => item.Index, StringComparer.Ordinal);
        var config = model.Config;
        Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => Layer($"model.layers.{layer}."))];
        Norm = new FusedNorm(places["model.norm.weight"], config.HiddenSize);
        Embedding = places["model.embed_tokens.weight"];
        var head = config.TieWordEmbeddings ? Embedding : places["lm_head.weight"];
        Head =
        [
            .. Enumerable.Range(0, (config.VocabularySize + VocabularyChunk - 1) / VocabularyChunk)
                .Select(chunk => new FusedHeadChunk(chunk * VocabularyChunk,
                    Math.Min(VocabularyChunk, config.VocabularySize - (chunk * VocabularyChunk)), config.HiddenSize, head, panel)),
        ];

        FusedLayer Layer(string prefix)
        {
            int hidden = config.HiddenSize, inner = config.IntermediateSize;
            FusedLinear Linear(int inputs, params (string Name, int First, int Rows)[] parts) => new(inputs,
                [.. parts.Select(part => new LinearPart(places[$"{prefix}{part.Name}.weight"],
                    places.TryGetValue($"{prefix}{part.Name}.bias", out var bias) ? bias : null, part.First, part.Rows))], panel);
            FusedNorm? NormOf(string name, int size) =>
                places.TryGetValue($"{prefix}{name}.weight", out var place) ? new FusedNorm(place, size) : null;
            return new FusedLayer(
                Linear(hidden, ("self_attn.q_proj", 0, Shape.Queries), ("self_attn.k_proj", Shape.Queries, Shape.Keys),
                    ("self_attn.v_proj", Shape.Queries + Shape.Keys, Shape.Keys)),
                Linear(Shape.Queries, ("self_attn.o_proj", 0, hidden)),
                Linear(hidden, ("mlp.gate_proj", 0, inner), ("mlp.up_proj", Shape.InnerStride, inner)),
                Linear(inner, ("mlp.down_proj", 0, hidden)),
                NormOf("input_layernorm", hidden)!, NormOf("post_attention_layernorm", hidden)!,
                NormOf("self_attn.q_norm", config.HeadDim), NormOf("self_attn.k_norm", config.HeadDim));
        }
    }

    /// <summary>The sizes.</summary>
    public FusedShape Shape { get; }
    /// <summary>Columns a panel.</summary>
    public int Panel { get; }
    /// <summary>The model's parameters in their order.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }
    /// <summary>The layers.</summary>
    public IReadOnlyList<FusedLayer> Layers { get; }
    /// <summary>The last norm.</summary>
    public FusedNorm Norm { get; }
    /// <summary>The embedding's place among the parameters.</summary>
    public int Embedding { get; }
    /// <summary>The output projection, a chunk of the vocabulary each.</summary>
    public IReadOnlyList<FusedHeadChunk> Head { get; }

    /// <summary>Packs the parameters' present values.</summary>
    public void Load(ThreadTeam team)
    {
        var work = Head.Select(chunk => (Action)(() => chunk.Load(Parameters)))
            .Concat(Layers.SelectMany(layer => layer.Linears).Select(linear => (Action)(() => linear.Load(Parameters)))).ToArray();
        team.Run(work.Length, (task, _) => work[task]());
        foreach (var norm in Layers.SelectMany(layer => layer.Norms).Append(Norm)) norm.Load(Parameters);
    }

    /// <summary>Memory for a pass: what an earlier one gave back, where it is large enough.</summary>
    public FloatBuffer Rent(long floats)
    {
        if (Interlocked.Exchange(ref spare[0], null) is not { } kept) return new FloatBuffer(floats);
        if (kept.Count >= floats) return kept;
        kept.Dispose();
        return new FloatBuffer(floats);
    }

    /// <summary>Gives a pass's memory back.</summary>
    public void Return(FloatBuffer buffer) => Interlocked.Exchange(ref spare[0], buffer)?.Dispose();

    public void Dispose()
    {
        foreach (var linear in Layers.SelectMany(layer => layer.Linears)) linear.Dispose();
        foreach (var norm in Layers.SelectMany(layer => layer.Norms).Append(Norm)) norm.Dispose();
        foreach (var chunk in Head) chunk.Dispose();
        Interlocked.Exchange(ref spare[0], null)?.Dispose();
    }
}
