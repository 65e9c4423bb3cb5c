using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

public sealed class GrpoTrajectoryTests
{
    public static TheoryData<string, int> Trajectories =>
        [.. Oracles.Files("grpo_trajectory.")
            .SelectMany(file => new[] { int.MaxValue, 40 }, (file, maxTokens) => new TheoryDataRow<string, int>(file, maxTokens))];

    /// <summary>
    /// Whole mini-batches, and the same cut into parts of like length with accumulated gradients. Adam's first steps are g / |g|: an
    /// element whose gradient is nothing but the rounding of its sum goes up or down by the whole learning rate, as the processor adds. (In
    /// qwen3's first step one of the 8,192 elements of the first q_proj has 1e-7 where others have 0.4; its sign alone moves the next loss
    /// by 5.6e-6 of the 1e-5 that the oracle allows.) So parts are judged by their gradient, element by element, and such elements take
    /// the step of the whole batch: what no gradient decides is not compared.
    /// </summary>
    [Theory, MemberData(nameof(Trajectories))]
    public void Update_OracleRollouts_FollowsTheTrajectory(string file, int maxTokens)
    {
        var oracle = Oracles.Json($"rl/{file}");
        var name = oracle.GetProperty("model").GetString()!;
        var settings = oracle.GetProperty("settings");
        var optimizerSettings = settings.GetProperty("optimizer");
        using var scope = NewDisposeScope();
        using var model = CausalLm.Load(Oracles.Model(name), CPU);
        using var reference = CausalLm.Load(Oracles.Model(name), CPU);
        var rollouts = oracle.GetProperty("rollouts").EnumerateArray().ToArray();
        var sequences =
            rollouts.Select(rollout =>
                new TokenSequence([.. rollout.GetProperty("prompt").Ints(), .. rollout.GetProperty("completion").Ints()],
                    rollout.GetProperty("prompt").GetArrayLength())).ToArray();
        var old = rollouts.Select(rollout => rollout.GetProperty("old_logprobs").Floats()).ToArray();
        var advantages =
            Advantages.Compute(rollouts.Select(rollout => rollout.GetProperty("reward").GetDouble()).ToArray(),
                settings.GetProperty("group_size").GetInt32(),
                Enum.Parse<AdvantageScale>(settings.GetProperty("advantage_scale").GetString()!, ignoreCase: true));
        advantages.Zip(oracle.GetProperty("advantages").Floats()).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-5);

        var recipe = new OptimizerRecipe
        {
            LearningRate = optimizerSettings.GetProperty("learning_rate").GetDouble(),
            Beta1 = optimizerSettings.GetProperty("betas")[0].GetDouble(),
            Beta2 = optimizerSettings.GetProperty("betas")[1].GetDouble(),
        };
        using var optimizer = new AdamW(model.Trainable, recipe, optimizerSettings.GetProperty("eps").GetDouble());
        var options =
            PolicyLossesTests.OptionsOf(settings) with {
                MaxNewTokens = rollouts.Max(rollout => rollout.GetProperty("completion").GetArrayLength()) };
        var sampling = new SamplingRecipe { Temperature = settings.GetProperty("temperature").GetDouble() };
        foreach (var update in oracle.GetProperty("updates").EnumerateArray())
        {
            var rows = update.GetProperty("rows").Ints();
            var whole = WholeGradients(rows);
            using var sums = new MetricSums();
            Accumulate(rows, maxTokens, sums);
            TakeWhatIsRounding(model, whole);
            sums.Add("grad_norm", optimizer.ClipGradients(optimizerSettings.GetProperty("clip_grad_norm").GetDouble()));
            optimizer.Step(recipe.LearningRate);
            optimizer.ZeroGradients();
            var metrics = sums.Read();
            metrics["loss"].ShouldBe(update.GetProperty("loss_in_float64").GetDouble(), 1e-5);
            var norm = update.GetProperty("grad_norm_in_float64").GetDouble();
            metrics["grad_norm"].ShouldBe(norm, 1e-4 * norm);
            if (update.GetProperty("metrics").TryGetProperty("kl", out var kl))
                metrics["kl"].ShouldBe(kl.GetDouble(), 1e-4 * Math.Max(1, kl.GetDouble()));
        }
        foreach (var (tensorName, parameter) in model.Trainable)
        {
            var expected = oracle.GetProperty("final").GetProperty(tensorName).GetProperty("norm").GetDouble();
            ((double)parameter.norm().item<float>()).ShouldBe(expected, 1e-4 * expected, tensorName);
        }

        Dictionary<string, Tensor> WholeGradients(int[] rows)
        {
            using var unread = new MetricSums();
            Accumulate(rows, int.MaxValue, unread, chunk: 64); // autograd's, as the oracle's are; not those of the kernels for small models
            var gradients = model.Trainable.ToDictionary(pair => pair.Name, pair => pair.Tensor.grad!.clone());
            optimizer.ZeroGradients();
            return gradients;
        }

        void Accumulate(int[] rows, int most, MetricSums sums, int chunk = 0)
        {
            foreach (var part in TokenBatch.Plan([.. rows.Select(row => sequences[row].Ids.Length)], most))
            {
                var picked = part.Select(i => rows[i]).ToArray();
                using var batch = TokenBatch.Create([.. picked.Select(row => sequences[row])], CPU);
                Tensor plain;
                using (no_grad()) plain = reference.TokenLogProbs(batch, sampling).LogProbs;
                var result = PolicyLosses.Compute(options, new PolicyLossInput
                {
                    LogProbs = model.TokenLogProbs(batch, sampling, chunk).LogProbs,
                    OldLogProbs = batch.Lay([.. picked.Select(row => old[row])]),
                    ReferenceLogProbs = plain,
                    Advantages = tensor(picked.Select(row => advantages[row]).ToArray()),
                    Mask = batch.Mask,
                    TotalRows = rows.Length,
                    TotalTokens = rows.Sum(row => sequences[row].Scored),
                });
                result.Loss.backward();
                sums.Add(result.Metrics);
                sums.Add("loss", result.Loss);
            }
        }
    }

    // The parts' gradient, and the kernels', is autograd's whole one to the 1e-4 that the oracle allows for norms, tensor by tensor; an
    // element of the whole that is no larger than what the two differ by anywhere in its tensor is rounding itself.
    private static void TakeWhatIsRounding(CausalLm model, Dictionary<string, Tensor> whole)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.Trainable)
        {
            var (parts, all) = (parameter.grad!, whole[name]);
            var difference = parts - all;
            difference.norm().item<float>().ShouldBeLessThanOrEqualTo(1e-4f * all.norm().item<float>(), name);
            parts.copy_(where(all.abs() <= difference.abs().max(), all, parts));
        }
    }
}
