using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>A decoder's weights as the kernels want them; read by all threads, written between generations.</summary>
internal sealed unsafe class SimdWeights : IDisposable
{
    private readonly ModelConfig config;
    private readonly List<IDisposable> owned = [];

    /// <summary>Makes room for a model's weights.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="lanes">Floats a vector.</param>
    public SimdWeights(ModelConfig config, int lanes)
    {
        this.config = config;
        var panel = 2 * lanes;
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        Stride = Align.Up(config.HiddenSize, panel);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new Layer(
            Own(new FloatBuffer(Stride)), Own(new FloatBuffer(Stride)),
            Own(new PackedMatrix(q + (2 * kv), config.HiddenSize, panel)), Own(new PackedMatrix(config.HiddenSize, q, panel)),
            Own(new PackedMatrix(2 * config.IntermediateSize, config.HiddenSize, panel)),
                Own(new PackedMatrix(config.HiddenSize, config.IntermediateSize, panel)),
            config.QkvBias ? Own(new FloatBuffer(Align.Up(q + (2 * kv), panel))) : null,
                config.OutputBias ? Own(new FloatBuffer(Stride)) : null,
            config.QkNorm ? Own(new FloatBuffer(config.HeadDim)) : null, config.QkNorm ? Own(new FloatBuffer(config.HeadDim)) : null))];
        FinalNorm = Own(new FloatBuffer(Stride));
        Embedding = Own(new FloatBuffer((long)config.VocabularySize * Stride));
        Head = Own(new PackedMatrix(config.VocabularySize, config.HiddenSize, panel));
    }

    /// <summary>Floats from row to row of the residual stream: the hidden size, filled up with zeros.</summary>
    public int Stride { get; }
    /// <summary>The layers.</summary>
    public IReadOnlyList<Layer> Layers { get; }
    /// <summary>Scale of the last norm.</summary>
    public FloatBuffer FinalNorm { get; }
    /// <summary>[vocabulary, <see cref="Stride"/>].</summary>
    public FloatBuffer Embedding { get; }
    /// <summary>The output projection.</summary>
    public PackedMatrix Head { get; }

    /// <summary>Takes over a model's weights as they are now.</summary>
    public void Load(CausalLm model, int threads)
    {
        using var scope = NewDisposeScope();
        var tensors = model.EffectiveWeights().ToDictionary(weight => weight.Name, weight => weight.Tensor, StringComparer.Ordinal);
        int q = config.Heads * config.HeadDim, kv = config.KvHeads * config.HeadDim;
        var work = new List<Action>
        {
            () => CopyRows(tensors["model.embed_tokens.weight"], Embedding, Stride),
            () => Head.Pack(model.HeadWeight, 0),
            () => CopyRows(tensors["model.norm.weight"], FinalNorm, Stride),
        };
        foreach (var (index, layer) in Layers.Index())
        {
            Tensor Of(string name) => tensors[$"model.layers.{index}.{name}"];
            work.Add(() =>
            {
                CopyRows(Of("input_layernorm.weight"), layer.AttentionNorm, Stride);
                CopyRows(Of("post_attention_layernorm.weight"), layer.FeedForwardNorm, Stride);
                layer.Qkv.Pack(Of("self_attn.q_proj.weight"), 0);
                layer.Qkv.Pack(Of("self_attn.k_proj.weight"), q);
                layer.Qkv.Pack(Of("self_attn.v_proj.weight"), q + kv);
                layer.Output.Pack(Of("self_attn.o_proj.weight"), 0);
                if (layer.OutputBias is not null) CopyRows(Of("self_attn.o_proj.bias"), layer.OutputBias, Stride);
                if (layer.QueryNorm is not null) CopyTo(Of("self_attn.q_norm.weight"), layer.QueryNorm.Pointer);
                if (layer.KeyNorm is not null) CopyTo(Of("self_attn.k_norm.weight"), layer.KeyNorm.Pointer);
                if (layer.QkvBias is null) return;
                CopyTo(Of("self_attn.q_proj.bias"), layer.QkvBias.Pointer);
                CopyTo(Of("self_attn.k_proj.bias"), layer.QkvBias.Pointer + q);
                CopyTo(Of("self_attn.v_proj.bias"), layer.QkvBias.Pointer + q + kv);
            });
            work.Add(() =>
            {
                layer.GateUp.Pack(Of("mlp.gate_proj.weight"), 0);
                layer.GateUp.Pack(Of("mlp.up_proj.weight"), config.IntermediateSize);
                layer.Down.Pack(Of("mlp.down_proj.weight"), 0);
            });
        }
        Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = threads }, action => action());
    }

    private static void CopyTo(Tensor source, float* target)
    {
        using var scope = NewDisposeScope();
        var content = TensorMemory.AsFloats(source);
        var bytes = content.numel() * sizeof(float);
        Buffer.MemoryCopy(TensorMemory.Pointer(content), target, bytes, bytes);
    }

    private static void CopyRows(Tensor source, FloatBuffer target, int stride)
    {
        using var scope = NewDisposeScope();
        var content = TensorMemory.AsFloats(source);
        var width = content.shape[^1];
        var from = (float*)TensorMemory.Pointer(content);
        for (var row = 0L; row < content.numel() / width; row++)
        {
            Buffer.MemoryCopy(from + (row * width), target.Pointer + (row * stride), width * sizeof(float), width * sizeof(float));
        }
    }

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

    /// <summary>One layer's weights; query, key and value are one matrix, and so are gate and up.</summary>
    internal sealed record Layer(
        FloatBuffer AttentionNorm, FloatBuffer FeedForwardNorm, PackedMatrix Qkv, PackedMatrix Output, PackedMatrix GateUp,
            PackedMatrix Down,
        FloatBuffer? QkvBias, FloatBuffer? OutputBias, FloatBuffer? QueryNorm, FloatBuffer? KeyNorm);
}
