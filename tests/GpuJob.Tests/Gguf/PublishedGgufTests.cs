using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Gguf;

/// <summary>A published model of 135 million parameters in llama.cpp's form gives what transformers gives of it.</summary>
public sealed class PublishedGgufTests : IDisposable
{
    private const double TrueGap = 0.02; // below, two implementations may choose differently

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Unpack_Published_GivesItsGoldenNumbers()
    {
        var source = Fixtures.Shared("data/models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf");
        var golden = JsonSerializer.Deserialize<JsonElement>(
            File.ReadAllText(Fixtures.Shared("data/models/smollm2-135m/golden.json")));
        var model = folder["model"];
        GgufUnpacking.Unpack(source, model);
        ModelFolder.Check(model).Config.MaxPositions.ShouldBe(8192);
        CheckWeights(model);

        var tokenizer = TokenizerLoader.Load(model);
        foreach (var text in golden.GetProperty("tokenizer").EnumerateArray())
        {
            var ids = text.GetProperty("ids").Ints();
            tokenizer.Encode(text.GetProperty("text").GetString()!).ShouldBe(ids);
            tokenizer.Decode(ids, keepSpecial: true).ShouldBe(text.GetProperty("decoded").GetString());
        }
        using var loaded = CausalLm.Load(model, CPU);
        using var logits = new SafetensorsReader(Fixtures.Shared("data/models/smollm2-135m/golden.safetensors"));
        foreach (var (index, conversation) in golden.GetProperty("conversations").EnumerateArray().Index())
            CheckConversation(loaded, tokenizer, conversation, logits, index);
    }

    private static void CheckWeights(string model)
    {
        using var scope = NewDisposeScope();
        using var weights = new SafetensorsReader(Path.Combine(model, "model.safetensors"));
        var expected = JsonSerializer.Deserialize<JsonElement>(
            File.ReadAllText(Fixtures.Shared("data/models/smollm2-135m/weights.json")));
        foreach (var tensor in expected.EnumerateObject())
        {
            var values = weights.Read(tensor.Name).to(ScalarType.Float64);
            values.norm().item<double>().ShouldBe(tensor.Value.GetProperty("norm").GetDouble(), 1e-4, tensor.Name);
            values.sum().item<double>().ShouldBe(tensor.Value.GetProperty("sum").GetDouble(), 1e-3, tensor.Name);
        }
    }

    private static void CheckConversation(CausalLm model, ITokenizer tokenizer, JsonElement conversation, SafetensorsReader logits,
        int index)
    {
        var ids = conversation.GetProperty("ids").Ints();
        var chat = new ChatTemplates((HuggingFaceTokenizer)tokenizer)
            .Encode(new(JsonNode.Parse(conversation.GetProperty("messages").GetRawText())!.AsArray(), AddGenerationPrompt: true));
        chat.Text.ShouldBe(conversation.GetProperty("text").GetString());
        chat.Ids.ShouldBe(ids);

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var forward = model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).squeeze(0);
        (forward[-1] - logits.Read($"logits.{index}").reshape(-1)).abs().max().item<float>().ShouldBeLessThan(1e-3f);
        var logProbs = forward.narrow(0, 0, ids.Length - 1).log_softmax(-1)
            .gather(1, tensor(ids.Skip(1).Select(id => (long)id).ToArray()).unsqueeze(1)).squeeze(1).data<float>().ToArray();
        var expected = conversation.GetProperty("next_token_logprobs").Floats();
        for (var i = 0; i < expected.Length; i++) logProbs[i].ShouldBe(expected[i], 1e-3f);

        var greedy = conversation.GetProperty("greedy").Ints();
        var sure = conversation.GetProperty("greedy_gaps").Numbers().TakeWhile(gap => gap >= TrueGap).Count();
        using var generator = new SimdDecoder(model, threads: 2);
        var made = generator.Generate([new(ids, [1], [.. tokenizer.EosIds])],
            new SamplingRecipe { Temperature = 0, MaxNewTokens = greedy.Length });
        made[0][0].Tokens.Take(sure).ShouldBe(greedy.Take(sure));
    }
}
