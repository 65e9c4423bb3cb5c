using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Tests;
using static TorchSharp.torch;

namespace R1Cloud.LlamaCpp.Tests;

/// <summary>What is written for llama.cpp says there what it says here: tokens, logits, continuations; and comes back as it went.</summary>
public sealed class PackedModelTests : IDisposable
{
    private const string Text = "Hello, world!  12+7=19, 1234567 and 3.14159; x² ≠ y³\n\n\tNaïve café, 你好。 it's they'll";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    // How far logits may be off: in float32 by the order of sums; in the others, as a share of the largest, by what they store, and in q8_0
    // by the activations that llama.cpp rounds as well.
    [Theory]
    [InlineData("llama", "llama3", "float32", 1e-3)]
    [InlineData("llama", "llama2", "float32", 1e-3)]
    [InlineData("qwen2", "qwen3", "float32", 1e-3)]
    [InlineData("qwen3", "qwen3", "float32", 1e-3)]
    [InlineData("qwen3", "qwen3", "bfloat16", 0.05)]
    [InlineData("llama", "llama2", "float16", 0.01)]
    [InlineData("qwen3", "qwen3", "q8_0", 0.1)]
    public void Pack_Model_SaysTheSameInLlamaCpp(string architecture, string tokenizerName, string type, double tolerance)
    {
        var tokenizer = PublishedTokenizers.Load(tokenizerName);
        using var model = CausalLm.Create(Config(architecture, tokenizer.VocabularySize + 5), CPU, seed: 3);
        using (no_grad()) foreach (var parameter in model.parameters()) parameter.mul_(4f); // else all logits are nearly equal
        var source = folder["source"];
        ModelExport.Write(model, source, ScalarType.Float32);
        var published = PublishedTokenizers.Folder(tokenizerName);
        foreach (var file in ModelFolder.CompanionsIn(published))
            File.Copy(Path.Combine(published, file), Path.Combine(source, file), overwrite: true);
        var path = folder["model.gguf"];
        GgufPacking.Pack(source, path, type);

        using var peer = new LlamaCppModel(path);
        var prompt = tokenizer.Encode(Text);
        peer.Tokenize(Text).ShouldBe(prompt);
        var (logits, tokens) = peer.Continue(prompt, 8);
        using (NewDisposeScope())
        using (no_grad())
        {
            var ours = model.forward(tensor(prompt.Select(id => (long)id).ToArray(), [1, prompt.Length]))[0, -1].data<float>().ToArray();
            var scale = type == "float32" ? 1 : ours.Max(MathF.Abs);
            logits.Zip(ours).Max(pair => Math.Abs(pair.First - pair.Second)).ShouldBeLessThan((float)tolerance * scale);
        }
        if (type == "float32")
        {
            using var generator = new TorchGenerator(model);
            generator.Generate([new(prompt, [1], [])], new SamplingRecipe { Temperature = 0, MaxNewTokens = 8 })[0][0].Tokens
                .ShouldBe(tokens);
            ComesBack(model, path, tokenizer);
        }
    }

    private void ComesBack(CausalLm model, string path, ITokenizer tokenizer)
    {
        var again = folder["again"];
        GgufUnpacking.Unpack(path, again);
        TokenizerLoader.Load(again).Encode(Text).ShouldBe(tokenizer.Encode(Text));
        using var loaded = CausalLm.Load(again, CPU);
        using var scope = NewDisposeScope();
        var weights = loaded.EffectiveWeights().ToDictionary(weight => weight.Name, weight => weight.Tensor);
        foreach (var (name, tensor) in model.EffectiveWeights()) weights[name].equal(tensor).all().item<bool>().ShouldBeTrue(name);
    }

    private static ModelConfig Config(string architecture, int vocabulary) => new()
    {
        ModelType = architecture, HiddenSize = 64, Layers = 2, Heads = 4, KvHeads = 2, HeadDim = 16, IntermediateSize = 96,
        VocabularySize = vocabulary, TieWordEmbeddings = architecture != "qwen2", QkvBias = architecture == "qwen2",
        QkNorm = architecture == "qwen3",
        MaxPositions = 512, EosTokenIds = [1],
        Rope = architecture == "llama" ? new() { Theta = 500_000, Llama3 = new(8, 1, 4, 8192) } : new() { Theta = 1_000_000 },
    };
}
