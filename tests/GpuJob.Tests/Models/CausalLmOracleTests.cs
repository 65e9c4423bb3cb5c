using R1Cloud.GpuJob.Scoring;
using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

public sealed class CausalLmOracleTests
{
    public static TheoryData<string> Names => Oracles.Models;

    public static TheoryData<string> Trajectories => Oracles.ModelsWith("sft_trajectory.json");

    [Theory, MemberData(nameof(Names))]
    public void Forward_OracleSequences_GivesTheirLogits(string name)
    {
        using var scope = NewDisposeScope();
        using var __ = no_grad();
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model(name), "golden.safetensors"));
        var json = Oracles.Json($"models/{name}/golden.json");
        for (var i = 0; i < json.GetProperty("sequences").GetArrayLength(); i++)
        {
            var ids = json.GetProperty("sequences")[i].Ints();
            var logits = model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).squeeze(0);
            var range = json.GetProperty("logits_rows")[i].Ints();
            var rows = logits.narrow(0, range[0], range[1] - range[0]);
            (rows - golden.Read($"logits.{i}")).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void TokenLogProbs_RightPaddedBatch_GivesLogProbsAndEntropies(string name)
    {
        using var scope = NewDisposeScope();
        using var __ = no_grad();
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        var json = Oracles.Json($"models/{name}/golden.json");
        var rows = json.GetProperty("sequences").EnumerateArray().Index().Where(item => item.Item.GetArrayLength() > 1)
            .Select(item => item.Index).ToArray();
        var sequences = rows.Select(row => new TokenSequence(json.GetProperty("sequences")[row].Ints(), 1)).ToArray();
        using var batch = TokenBatch.Create(sequences, CPU);
        foreach (var chunk in new[] { 0, 7 })
        {
            var scores = model.TokenLogProbs(batch, chunk: chunk);
            for (var row = 0; row < sequences.Length; row++)
            {
                var expected = json.GetProperty("next_token_logprobs")[rows[row]].Floats();
                var entropy = json.GetProperty("entropy")[rows[row]].Floats();
                for (var t = 0; t < expected.Length; t++)
                {
                    scores.LogProbs[row, t].item<float>().ShouldBe(expected[t], 1e-4f);
                    scores.Entropy[row, t].item<float>().ShouldBe(entropy[t], 1e-4f);
                }
                if (expected.Length < batch.Scored)
                    scores.LogProbs[row].narrow(0, expected.Length, batch.Scored - expected.Length).abs().sum().item<float>().ShouldBe(0);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Backward_OracleLoss_GivesLossAndGradients(string name)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model(name), "golden.safetensors"));
        var json = Oracles.Json($"models/{name}/golden.json");
        var loss = json.GetProperty("loss");
        using var batch =
            TokenBatch.Create(
                [new(json.GetProperty("sequences")[loss.GetProperty("sequence").GetInt32()].Ints(),
                    loss.GetProperty("ignored_prefix").GetInt32())], CPU);
        var value = -model.TokenLogProbs(batch, chunk: 5).LogProbs.sum() / batch.Tokens;
        value.backward();

        value.item<float>().ShouldBe(loss.GetProperty("mean_cross_entropy").GetSingle(), 1e-4f);
        foreach (var (tensorName, parameter) in model.Trainable)
        {
            var expected = json.GetProperty("gradient_norms").GetProperty(tensorName).GetDouble();
            parameter.grad!.norm().item<float>().ShouldBe((float)expected, 1e-4f * (float)expected, tensorName);
            if (golden.Tensors.ContainsKey($"grad.{tensorName}"))
            {
                var gradient = golden.Read($"grad.{tensorName}");
                (parameter.grad! - gradient).abs().max().item<float>()
                    .ShouldBeLessThan(1e-4f * Math.Max(1, gradient.abs().max().item<float>()), tensorName);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Generate_Greedy_ContinuesAsTheOracle(string name)
    {
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        var cases = Oracles.Json($"models/{name}/golden.json").GetProperty("greedy").EnumerateArray().ToArray();
        var requests = cases.Select(item => new GenerationRequest(item.GetProperty("prompt").Ints(), [1], [])).ToArray();
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            var results =
                generator.Generate(requests,
                    new SamplingRecipe { Temperature = 0, MaxNewTokens = cases[0].GetProperty("greedy").GetArrayLength() });
            for (var i = 0; i < cases.Length; i++)
            {
                results[i][0].Tokens.ShouldBe(cases[i].GetProperty("greedy").Ints());
                results[i][0].Finish.ShouldBe(FinishReason.Length);
            }
        }
    }

    [Theory, MemberData(nameof(Trajectories))]
    public void Training_OracleBatches_FollowsTheTrajectory(string name)
    {
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        var json = Oracles.Json($"models/{name}/sft_trajectory.json");
        var settings = json.GetProperty("optimizer");
        var schedule = json.GetProperty("schedule");
        var recipe = new OptimizerRecipe
        {
            LearningRate = schedule.GetProperty("peak").GetDouble(),
            WarmupSteps = schedule.GetProperty("warmup_steps").GetInt32(),
            Schedule = LearningRateSchedule.Cosine,
            FinalRatio = 0,
            Beta1 = settings.GetProperty("betas")[0].GetDouble(),
            Beta2 = settings.GetProperty("betas")[1].GetDouble(),
            WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
        };
        using var optimizer = new AdamW(model.Trainable, recipe, settings.GetProperty("eps").GetDouble());
        var batches = json.GetProperty("batches").EnumerateArray().Select(Sequences).ToArray();
        foreach (var (index, step) in json.GetProperty("steps").EnumerateArray().Index())
        {
            using var scope = NewDisposeScope();
            using var batch = TokenBatch.Create(batches[step.GetProperty("batch").GetInt32()], CPU);
            var loss = -model.TokenLogProbs(batch).LogProbs.sum() / batch.Tokens;
            loss.backward();
            var norm = optimizer.ClipGradients(settings.GetProperty("clip_grad_norm").GetDouble());
            var rate = LearningRates.At(recipe, index, schedule.GetProperty("total_steps").GetInt64());
            optimizer.Step(rate);
            optimizer.ZeroGradients();

            rate.ShouldBe(step.GetProperty("learning_rate").GetDouble(), 1e-9);
            Relative(loss.item<float>(), step.GetProperty("loss").GetDouble()).ShouldBeLessThan(1e-4, $"loss of step {index}");
            Relative(norm.item<float>(), step.GetProperty("grad_norm").GetDouble())
                .ShouldBeLessThan(1e-4, $"gradient norm of step {index}");
        }
        foreach (var (tensorName, parameter) in model.Weights)
        {
            using var scope = NewDisposeScope();
            Relative(parameter.norm().item<float>(), json.GetProperty("final").GetProperty(tensorName).GetProperty("norm").GetDouble())
                .ShouldBeLessThan(1e-4, tensorName);
        }

        static TokenSequence[] Sequences(JsonElement batch) =>
            [.. batch.EnumerateArray()
                .Select(row => new TokenSequence(row.GetProperty("ids").Ints(), row.GetProperty("prompt_length").GetInt32()))];
    }

    [Fact]
    public void Forward_Stories260K_GivesTheGoldenLogits()
    {
        var folder = Fixtures.Shared("data/shared_only/stories260K_hf");
        using var scope = NewDisposeScope();
        using var __ = no_grad();
        using var model = CausalLm.Load(folder, CPU);
        foreach (var line in File.ReadLines(Path.Combine(folder, "golden_logits.jsonl")).Where(line => line.Length > 0))
        {
            var steps = JsonSerializer.Deserialize<JsonElement>(line).GetProperty("steps").EnumerateArray().ToArray();
            var logits = model.forward(tensor(steps.Select(step => step.GetProperty("input").GetInt64()).ToArray(), [1, steps.Length]))
                .squeeze(0);
            foreach (var (row, step) in steps.Index())
            {
                logits[row].logsumexp(-1).item<float>().ShouldBe(step.GetProperty("logsumexp").GetSingle(), 2e-4f);
                foreach (var top in step.GetProperty("top5").EnumerateArray())
                    logits[row, top[0].GetInt64()].item<float>().ShouldBe(top[1].GetSingle(), 2e-4f);
            }
        }
    }

    private static double Relative(double actual, double expected) => Math.Abs(actual - expected) / Math.Max(1e-9, Math.Abs(expected));
}
