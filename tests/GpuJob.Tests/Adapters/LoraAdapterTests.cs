using R1Cloud.GpuJob.Scoring;
using R1Cloud.Testing;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Adapters;

public sealed class LoraAdapterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string> Names => Oracles.LoraAdapters;

    [Theory, MemberData(nameof(Names))]
    public void Load_Oracle_GivesLogitsLossGradientsAndMergedWeight(string adapter)
    {
        using var scope = NewDisposeScope();
        var json = Oracles.Json($"models/{adapter}/golden.json");
        using var model = CausalLm.Load(Oracles.Model(json.GetProperty("base").GetString()!), CPU);
        LoraAdapter.Load(model, Oracles.Model(adapter));
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model(adapter), "golden.safetensors"));
        var sequences = json.GetProperty("sequences").EnumerateArray().Select(sequence => sequence.Ints()).ToArray();
        using (no_grad()) LogitsShouldFit(model, golden, sequences);

        const string LossOf = "loss_of_sequence_";
        var expected = json.EnumerateObject().Single(field => field.Name.StartsWith(LossOf, StringComparison.Ordinal));
        using var batch =
            TokenBatch.Create(
                [new(sequences[int.Parse(expected.Name[LossOf.Length..], System.Globalization.CultureInfo.InvariantCulture)], 1)], CPU);
        var loss = -model.TokenLogProbs(batch).LogProbs.mean();
        loss.backward();
        loss.item<float>().ShouldBe(expected.Value.GetSingle(), 1e-4f);
        var checkedGradients = 0;
        foreach (var (name, parameter) in model.Trainable)
        {
            if (!golden.Tensors.ContainsKey("grad." + name)) continue;
            var gradient = golden.Read("grad." + name);
            (parameter.grad! - gradient).abs().max().item<float>()
                .ShouldBeLessThan(1e-4f * Math.Max(1, gradient.abs().max().item<float>()), name);
            checkedGradients++;
        }
        checkedGradients.ShouldBe(golden.Tensors.Keys.Count(name => name.StartsWith("grad.", StringComparison.Ordinal)));
        model.Parameters.Count(item => item.parameter.grad is not null).ShouldBe(0);

        LoraAdapter.Merge(model);
        using var __ = no_grad();
        LogitsShouldFit(model, golden, sequences);
        foreach (var merged in golden.Tensors.Keys.Where(name => name.StartsWith("merged.", StringComparison.Ordinal)))
        {
            (model.Weights.Single(weight => "merged." + weight.Name == merged).Tensor - golden.Read(merged)).abs().max().item<float>()
                .ShouldBeLessThan(1e-6f, merged);
        }
    }

    private static readonly Dictionary<string, ModelConfig> Configs = new()
    {
        ["llama"] = TestModels.Config(),
        ["fused"] = TestModels.Config() with { ModelType = "phi3" },
        ["windows"] = TestModels.Config() with
        {
            ModelType = "gemma3_text", QkNorm = true, Sliding = new(3, new([true, false])), LocalRope = new() { Theta = 300 },
        },
        ["latent-experts"] = TestModels.Config(heads: 2, headDim: 6, tied: false) with
        {
            ModelType = "deepseek_v3", Latent = new(QueryRank: 8, KvRank: 10, NopeDim: 7, RopeDim: 6, ValueDim: 9, Interleaved: true),
            Experts = new(Routed: 4, Shared: 1, PerToken: 2, IntermediateSize: 11, FirstLayer: 1, Groups: 1, ChosenGroups: 1,
                Normalize: true, Scale: 1.7),
        },
    };

    public static TheoryData<string, bool> Kinds => [.. Configs.Keys.SelectMany(name =>
        new[] { new TheoryDataRow<string, bool>(name, false), new TheoryDataRow<string, bool>(name, true) })];

    [Theory, MemberData(nameof(Kinds))]
    public void Train_FreshAdapter_LearnsSavesAndGeneratesAsMerged(string kind, bool recompute)
    {
        using var model = TestModels.Create(Configs[kind] with { InitializerRange = 0.25 });
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
        Should.Throw<BadInputException>(() => LoraAdapter.Load(model, Oracles.Model("qwen3_lora_adapter")))
            .Message.ShouldContain("layers.1.self_attn.q_proj.lora_A.weight' [4, 64]");
        Should.Throw<BadInputException>(() => LoraAdapter.Attach(model, new LoraConfig { Targets = ["query"] }, 1))
            .Message.ShouldContain("q_proj");
    }

    [Theory]
    [InlineData("use_dora", "true")]
    [InlineData("modules_to_save", """["lm_head"]""")]
    [InlineData("layer_replication", "[[0,1],[0,2]]")]
    [InlineData("alora_invocation_tokens", "[1,2]")]
    [InlineData("trainable_token_indices", "[3]")]
    [InlineData("kasa_config", """{"k":1}""")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("a_field_of_tomorrow", "1")]
    [InlineData("bias", "\"all\"")]
    [InlineData("peft_type", "\"LOHA\"")]
    [InlineData("init_lora_weights", "\"pissa_niter_4\"")]
    [InlineData("init_lora_weights", "\"olora\"")]
    [InlineData("alpha_pattern", """{"q_proj(":3}""")]
    [InlineData("alpha_pattern", """{"q_proj":"three"}""")]
    public void Load_WhatChangesTheModelOtherwise_IsRefusedByName(string field, string value)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(Oracles.Model("qwen3_lora_adapter"), LoraConfig.FileName)))!.AsObject();
        json[field] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(folder, LoraConfig.FileName), json.ToJsonString());
        Should.Throw<BadInputException>(() => LoraConfig.Load(folder)).Message.ShouldContain(field);
    }

    [Fact]
    public void Load_NoWeights_NamesTheFile()
    {
        File.Copy(Path.Combine(Oracles.Model("qwen3_lora_adapter"), LoraConfig.FileName), Path.Combine(folder, LoraConfig.FileName));
        using var model = TestModels.Create(TestModels.Config());
        Should.Throw<BadInputException>(() => LoraAdapter.Load(model, folder))
            .Message.ShouldContain("adapter_model.safetensors: there is no such file");
    }

    private static void LogitsShouldFit(CausalLm model, SafetensorsReader golden, int[][] sequences)
    {
        for (var i = 0; i < sequences.Length; i++)
        {
            var logits = model.forward(tensor(sequences[i].Select(id => (long)id).ToArray(), [1, sequences[i].Length])).squeeze(0);
            var expected = golden.Read($"logits.{i}");
            // Single precision rounds in proportion; the order of sums, and with it the last digits, is the processor's.
            (logits - expected).abs().max().item<float>().ShouldBeLessThan(Math.Max(1e-4f, 2e-5f * expected.abs().max().item<float>()));
        }
    }
}
