using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.Inference.Weights;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>
/// Models of the recorded one's form, which itself was not kept: a Llama of five layers with tied embeddings, others of its form, damaged
/// ones, and adapters.
/// </summary>
public sealed class SglangModels : IDisposable
{
    private static readonly ModelConfig Config = new()
    {
        ModelType = "llama", HiddenSize = 32, Layers = 5, Heads = 2, KvHeads = 1, HeadDim = 16, IntermediateSize = 48,
        VocabularySize = 512, TieWordEmbeddings = true, MaxPositions = 256,
    };

    private readonly TempFolder folder = new();

    public SglangModels()
    {
        Make("a", 1);
        Make("b", 2);
        Damage("anan", (name, tensor) => name.EndsWith("norm.weight", StringComparison.Ordinal) ? tensor * float.NaN : tensor);
        Damage("amiss", (name, tensor) => name.Contains("layers.3", StringComparison.Ordinal) ? null : tensor);
        Damage("bad", (name, tensor) => name == "model.norm.weight" ? zeros(5) : tensor);
        Damage("atrunc", (_, tensor) => tensor);
        using (var torn = new FileStream(Path.Combine(this["atrunc"], SafetensorsModel.SingleFile), FileMode.Open)) torn.SetLength(5000);
        foreach (var (name, rank, seed) in new[] { ("A", 4, 1ul), ("B", 4, 2ul), ("C", 4, 3ul), ("Bad", 16, 4ul) }) Adapt(name, rank, seed);
    }

    /// <summary>The folder of a model or an adapter.</summary>
    public string this[string name] => folder[name];

    /// <summary>A recording with these folders in place of its own.</summary>
    public string Mapped(string recorded)
    {
        foreach (var model in new[] { "atrunc", "amiss", "anan", "bad", "a", "b" })
            recorded = recorded.Replace($"\"/models/{model}\"", $"\"{this[model]}\"", StringComparison.Ordinal);
        foreach (var adapter in new[] { "A", "B", "C", "Bad" })
            recorded = recorded.Replace($"\"/adapters/{adapter}\"", $"\"{this[adapter]}\"", StringComparison.Ordinal);
        return recorded;
    }

    private void Make(string name, ulong seed)
    {
        using var model = CausalLm.Create(Config, CPU, seed);
        using (no_grad())
        {
            foreach (var (part, weight) in model.Weights.Where(weight => weight.Name.EndsWith("proj.weight", StringComparison.Ordinal)))
                weight.mul_(3);
        }
        model.Save(Directory.CreateDirectory(this[name]).FullName);
        ModelProof.Write(model, this[name], ScalarType.Float32);
    }

    private void Damage(string name, Func<string, Tensor, Tensor?> change) => WeightsFolders.Changed(folder, this["a"], name, change);

    private void Adapt(string name, int rank, ulong seed)
    {
        using var model = CausalLm.Load(this["a"], CPU);
        LoraAdapter.Attach(model, new LoraConfig { Rank = rank, Alpha = 2 * rank, Targets = ["all-linear"] }, seed);
        using (no_grad())
        {
            foreach (var (_, parameter) in model.Trainable) parameter.normal_(0, 0.2);
        }
        LoraAdapter.Save(model, Directory.CreateDirectory(this[name]).FullName);
    }

    public void Dispose() => folder.Dispose();
}
