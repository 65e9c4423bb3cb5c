using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Adapters;

public sealed class LoraAdapterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Load_Oracle_GivesLogitsLossGradientsAndMergedWeight()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Load(Oracles.Model("qwen3"), CPU);
        LoraAdapter.Load(model, Oracles.Model("qwen3_lora_adapter"));
        var json = Oracles.Json("models/qwen3_lora_adapter/golden.json");
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model("qwen3_lora_adapter"), "golden.safetensors"));
        var sequences = json.GetProperty("sequences").EnumerateArray().Select(sequence => sequence.Ints()).ToArray();
        using (no_grad()) LogitsShouldFit(model, golden, sequences);

        using var batch = TokenBatch.Create([new(sequences[2], 1)], CPU);
        var loss = -model.TokenLogProbs(batch).LogProbs.mean();
        loss.backward();
        loss.item<float>().ShouldBe(json.GetProperty("loss_of_sequence_2").GetSingle(), 1e-4f);
        var checkedGradients = 0;
        foreach (var (name, parameter) in model.Trainable)
        {
            if (!golden.Tensors.ContainsKey("grad." + name)) continue;
            (parameter.grad! - golden.Read("grad." + name)).abs().max().item<float>().ShouldBeLessThan(1e-4f, name);
            checkedGradients++;
        }
        checkedGradients.ShouldBe(6);
        model.Parameters.Count(item => item.parameter.grad is not null).ShouldBe(0);

        LoraAdapter.Merge(model);
        using var __ = no_grad();
        LogitsShouldFit(model, golden, sequences);
        const string Merged = "model.layers.0.self_attn.q_proj.weight";
        (model.Weights.Single(weight => weight.Name == Merged).Tensor - golden.Read("merged." + Merged)).abs().max().item<float>().ShouldBeLessThan(1e-6f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_FreshAdapter_LearnsSavesAndGeneratesAsMerged(bool recompute)
    {
        using var model = TestModels.Create(TestModels.Config() with { InitializerRange = 0.25 });
        model.Recompute = recompute;
        var config = new LoraConfig { Rank = 3, Alpha = 6 };
        LoraAdapter.Attach(model, config, seed: 1);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 0.02 });
        using var batch = TokenBatch.Create([new([1, 2, 3, 4, 5, 6], 1), new([7, 8, 9], 1)], CPU);
        var losses = Enumerable.Range(0, 30).Select(_ =>
        {
            using var scope = NewDisposeScope();
            var loss = -model.TokenLogProbs(batch).LogProbs.sum() / batch.Tokens;
            loss.backward();
            optimizer.Step(0.02);
            optimizer.ZeroGradients();
            return loss.item<float>();
        }).ToArray();
        losses[^1].ShouldBeLessThan(losses[0] / 2);

        LoraAdapter.Save(model, folder);
        using var other = TestModels.Create(model.Config);
        LoraAdapter.Load(other, folder);
        GenerationRequest[] requests = [new([1, 2], [5, 6], [])];
        var sampling = new SamplingRecipe { MaxNewTokens = 20 };
        var expected = Tokens(new TorchGenerator(model));
        Tokens(new TorchGenerator(other)).ShouldBe(expected);
        foreach (var generator in TestModels.Generators(model)) Tokens(generator).ShouldBe(expected);
        LoraAdapter.Merge(other);
        Tokens(new TorchGenerator(other)).ShouldBe(expected);

        int[][] Tokens(IGenerator generator)
        {
            using var _ = generator;
            return [.. generator.Generate(requests, sampling)[0].Select(result => result.Tokens)];
        }
    }

    [Fact]
    public void Load_AdapterOfAnotherModel_NamesEveryTensor()
    {
        using var model = CausalLm.Load(Oracles.Model("llama"), CPU);
        Should.Throw<BadInputException>(() => LoraAdapter.Load(model, Oracles.Model("qwen3_lora_adapter"))).Message.ShouldContain("layers.1.self_attn.q_proj.lora_A.weight' [4, 64]");
        Should.Throw<BadInputException>(() => LoraAdapter.Attach(model, new LoraConfig { Targets = ["query"] }, 1)).Message.ShouldContain("q_proj");
    }

    private static void LogitsShouldFit(CausalLm model, SafetensorsReader golden, int[][] sequences)
    {
        for (var i = 0; i < 3; i++)
        {
            var logits = model.forward(tensor(sequences[i].Select(id => (long)id).ToArray(), [1, sequences[i].Length])).squeeze(0);
            (logits - golden.Read($"logits.{i}")).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        }
    }
}
