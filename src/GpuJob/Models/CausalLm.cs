using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Jobs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// A causal language model. Its parameters are named as in Hugging Face checkpoints, in fp32, and live on one device for good. Batches are
/// right-padded: under causal attention no real token sees the padding behind it, so neither a mask nor position ids are needed.
/// </summary>
internal sealed class CausalLm : nn.Module<Tensor, Tensor>
{
    private readonly Decoder decoder;
    private readonly Projection? head;

    /// <summary>Makes a model whose weights are not set yet; see <see cref="Create"/> and <see cref="Load"/>.</summary>
    private CausalLm(ModelConfig config, Device device)
        : base(nameof(CausalLm))
    {
        (Config, Device) = (config, device);
        Rotary = new RotaryEmbedding(config, device);
        decoder = new Decoder(config, device);
        register_module("model", decoder);
        if (!config.TieWordEmbeddings)
        {
            head = new Projection(config.HiddenSize, config.VocabularySize, hasBias: false, device);
            register_module("lm_head", head);
        }
        Weights = [.. named_parameters()];
    }

    /// <summary>The shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where it lives.</summary>
    public Device Device { get; }

    /// <summary>The parameters by Hugging Face name; a tied output projection is not listed apart.</summary>
    public IReadOnlyList<(string Name, Parameter Tensor)> Weights { get; }

    /// <summary>The rotary tables.</summary>
    public RotaryEmbedding Rotary { get; }

    /// <summary>The output projection [vocabulary, hidden]: the embedding itself when tied.</summary>
    public Parameter HeadWeight => head?.Weight ?? decoder.Embedding;

    /// <summary>Makes a model with fresh weights: a function of the configuration and the seed alone.</summary>
    public static CausalLm Create(ModelConfig config, Device device, ulong seed)
    {
        var model = new CausalLm(config, device);
        Initialization.Fill(model, seed);
        return model;
    }

    /// <summary>Reads a model folder: config.json and model.safetensors, or shards with their index.</summary>
    /// <exception cref="BadInputException">The configuration is wrong, or tensors are missing, superfluous or misshapen: all are named.</exception>
    /// <exception cref="WeightsFormatException">A weights file is torn or malformed.</exception>
    public static CausalLm Load(string folder, Device device)
    {
        var model = new CausalLm(ModelConfig.Load(folder), device);
        try
        {
            model.LoadWeights(folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the weights by those of a folder of the same shape.</summary>
    public void LoadWeights(string folder)
    {
        using var source = SafetensorsModel.Open(folder);
        WeightLoading.Copy(source, this);
    }

    /// <summary>Writes config.json and model.safetensors into an existing folder.</summary>
    public void Save(string folder)
    {
        Config.Save(folder);
        SafetensorsWriter.Write(Path.Combine(folder, SafetensorsModel.SingleFile), Weights.Select(weight => (weight.Name, (Tensor)weight.Tensor)));
    }

    /// <summary>Takes over another model's weights; both have the same shape.</summary>
    public void CopyWeightsFrom(CausalLm other)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        foreach (var ((name, target), (otherName, source)) in Weights.Zip(other.Weights))
        {
            if (name != otherName || !target.shape.SequenceEqual(source.shape)) throw new ArgumentException($"The models differ at {name}.", nameof(other));
            target.copy_(source);
        }
    }

    /// <summary>Logits: ids int64 [B, T], right-padded → [B, T, vocabulary].</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Project(Hidden(input)).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states after the final norm: ids int64 [B, T], right-padded → [B, T, hidden].</summary>
    public Tensor Hidden(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return Prefill(ids, null).MoveToOuterDisposeScope();
    }

    /// <summary>Like <see cref="Hidden"/>, and keeps the keys and values.</summary>
    /// <param name="ids">int64 [rows, T], right-padded.</param>
    /// <param name="cache">Where they are kept.</param>
    public Tensor Prefill(Tensor ids, KvCache? cache)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = Rotary.Take((int)ids.shape[1]);
        return decoder.forward(ids, new AttentionContext(cos.unsqueeze(1), sin.unsqueeze(1), cache)).MoveToOuterDisposeScope();
    }

    /// <summary>One more token a row.</summary>
    /// <param name="ids">int64 [rows].</param>
    /// <param name="positions">int64 [rows]: their positions.</param>
    /// <param name="length">All positions are below it.</param>
    /// <param name="cache">The rows' keys and values; these tokens' are added.</param>
    /// <returns>Hidden states [rows, hidden].</returns>
    public Tensor Step(Tensor ids, Tensor positions, int length, KvCache cache)
    {
        using var scope = NewDisposeScope();
        cache.BeginStep(positions, length);
        try
        {
            var (cos, sin) = Rotary.At(positions, length);
            var context = new AttentionContext(cos.view(-1, 1, 1, Config.HeadDim / 2), sin.view(-1, 1, 1, Config.HeadDim / 2), cache);
            return decoder.forward(ids.unsqueeze(1), context).squeeze(1).MoveToOuterDisposeScope();
        }
        finally
        {
            cache.EndStep();
        }
    }

    /// <summary>Logits of hidden states: [..., hidden] → [..., vocabulary].</summary>
    public Tensor Project(Tensor hidden) => nn.functional.linear(hidden, HeadWeight);

    protected override void Dispose(bool disposing)
    {
        if (disposing) Rotary.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Embedding, layers and final norm: the part that checkpoints prefix with <c>model.</c></summary>
    private sealed class Decoder : nn.Module<Tensor, AttentionContext, Tensor>
    {
        private readonly TokenEmbedding embedding;
        private readonly DecoderLayer[] layers;
        private readonly RmsNorm norm;

        public Decoder(ModelConfig config, Device device)
            : base("Decoder")
        {
            var create = Architectures.Get(config.ModelType).CreateLayer;
            embedding = new TokenEmbedding(config, device);
            layers = [.. Enumerable.Range(0, config.Layers).Select(_ => create(config, device))];
            norm = new RmsNorm(config.HiddenSize, config.RmsNormEps, device);

            register_module("embed_tokens", embedding);
            register_module("layers", new Numbered(layers));
            register_module("norm", norm);
        }

        public Parameter Embedding => embedding.Weight;

        public override Tensor forward(Tensor ids, AttentionContext context)
        {
            using var scope = NewDisposeScope();
            var x = embedding.forward(ids);
            for (var layer = 0; layer < layers.Length; layer++) x = layers[layer].forward(x, context, layer);
            return norm.forward(x).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Modules named 0, 1, 2…</summary>
    private sealed class Numbered : nn.Module
    {
        public Numbered(DecoderLayer[] modules)
            : base(nameof(Numbered))
        {
            for (var i = 0; i < modules.Length; i++) register_module($"{i}", modules[i]);
        }
    }
}
