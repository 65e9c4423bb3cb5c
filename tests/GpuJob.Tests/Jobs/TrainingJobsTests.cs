using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class TrainingJobsTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Pretrain_HundredSteps_LowersTheLoss()
    {
        var outcome = await jobs.PretrainAsync();
        var lines = (await jobs.Blobs.TryReadAsync(outcome.Outputs["steps"]))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(10);
        lines[0].ShouldContain("\"loss\":");
        outcome.Metrics[MetricNames.Loss].ShouldBeLessThan(1.6); // ln 24 = 3.2 is knowing nothing
        outcome.Metrics[MetricNames.TokensPerSecond].ShouldBeGreaterThan(0);
        outcome.Metrics[MetricNames.Tokens]
            .ShouldBe(lines.Sum(line => JsonNode.Parse(line)!["values"]![MetricNames.Tokens]!.GetValue<double>()));
    }

    [Fact]
    public async Task Pretrain_PreemptedAndContinuedElsewhere_EndsWithTheSameBits()
    {
        var undisturbed = await jobs.PretrainAsync("undisturbed/", jobId: "a");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<PreemptedException>(() =>
            jobs.PretrainAsync("disturbed/", stop.Token, "b", step => { if (step == 60) stop.Cancel(); }));
        jobs.Restart();
        var steps = new List<int>();
        var disturbed = await jobs.PretrainAsync("disturbed/", jobId: "b", onStep: steps.Add);
        steps[0].ShouldBe(70, "it goes on after the sixtieth step");
        disturbed.Metrics[MetricNames.Tokens].ShouldBe(undisturbed.Metrics[MetricNames.Tokens]);
        (await jobs.HashAsync("disturbed/")).ShouldBe(await jobs.HashAsync("undisturbed/"));
    }

    [Fact]
    public async Task Update_FirstMiniBatch_HasRatioOne()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { MiniBatches = 1, Sampling = new() { Temperature = 0.8, TopP = 0.9 } };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        update.Metrics[MetricNames.RatioMean].ShouldBe(1, 1e-4); // sampler and trainer agree, temperature and truncation included
        update.Metrics[MetricNames.ClipRatio].ShouldBe(0);
    }

    [Fact]
    public async Task Rollout_InShards_IsTheSameAsWhole()
    {
        await jobs.PretrainAsync();
        var whole = await ReadAsync(await jobs.RolloutAsync("base/"));
        jobs.Restart();
        var second = await ReadAsync(await jobs.RolloutAsync("base/", first: 5, count: 3));
        var first = await ReadAsync(await jobs.RolloutAsync("base/", first: 0, count: 5));
        var parts = first.Concat(second).ToList();
        parts.Count.ShouldBe(whole.Count);
        foreach (var (part, row) in parts.Zip(whole))
        {
            part.Question.ShouldBe(row.Question);
            part.Prompt.ShouldBe(row.Prompt);
            part.Completion.ShouldBe(row.Completion);
            part.LogProbs.ShouldBe(row.LogProbs);
            part.Reward.ShouldBe(row.Reward);
        }
    }

    [Fact]
    public async Task Iterations_WithARestartBetween_EndWithTheSameBits()
    {
        await jobs.PretrainAsync();
        await IterateAsync("steady", restart: false);
        await IterateAsync("restarted", restart: true);
        (await jobs.HashAsync("restarted/3/")).ShouldBe(await jobs.HashAsync("steady/3/"));
        (await jobs.WeightsAsync("steady/3/")).ShouldNotBe(await jobs.WeightsAsync("steady/2/"), "the last update changed nothing");
    }

    [Fact]
    public async Task Iterations_OfAnAdapterInBfloat16_TrainItAloneAndSurviveARestart()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with
        {
            MicroBatchTokens = 200,
            Optimizer = new() { LearningRate = 1e-2, Precision = TrainingPrecision.Bfloat16, Recompute = true,
                Lora = new LoraRecipe { Rank = 4, Alpha = 8 } },
        };
        await IterateAsync("steady", restart: false, stage);
        await IterateAsync("restarted", restart: true, stage);
        (await jobs.HashAsync("restarted/3/")).ShouldBe(await jobs.HashAsync("steady/3/"));
        var manifest = await new CheckpointStore(jobs.Blobs).ReadAsync("steady/3/");
        manifest.Base.ShouldBe("base/", "the model itself is frozen, and stored once");
        manifest.FilesOf(CheckpointPart.Model).Select(file => file.Key).ShouldBe(["adapter_config.json", "adapter_model.safetensors"]);
        (await jobs.HashAsync("steady/3/")).ShouldNotBe(await jobs.HashAsync("steady/2/"));

        // The next stage trains the whole model, adapter merged.
        var rollout = await jobs.RolloutAsync("steady/3/");
        await jobs.UpdateAsync("steady/3/", [rollout.Outputs["tokens"]], "whole/1/");
        (await jobs.HashAsync("whole/1/")).ShouldNotContain("adapter");
        (await jobs.WeightsAsync("whole/1/")).ShouldNotBe(await jobs.WeightsAsync("base/"));
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 100)]
    public async Task Update_MicroBatches_GiveTheSameAsOneBatchWithinRounding(int rows, int tokens)
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        var whole = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "whole/1/");
        var parts = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "parts/1/",
            stage: JobRunner.Rl with { MicroBatchSize = rows, MicroBatchTokens = tokens });
        foreach (var name in new[] { MetricNames.Loss, MetricNames.GradNorm, MetricNames.Entropy, MetricNames.RatioMean })
        {
            parts.Metrics[name].ShouldBe(whole.Metrics[name], 1e-4, name);
        }
    }

    [Fact]
    public async Task Update_WithReference_ReportsKl()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Loss = new() { KlWeight = 0.01 } };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage, reference: "base/");
        rollout = await jobs.RolloutAsync("rl/1/", iteration: 1, stage: stage);
        var second = await jobs.UpdateAsync("rl/1/", [rollout.Outputs["tokens"]], "rl/2/", iteration: 1, stage: stage, reference: "base/");
        second.Metrics[MetricNames.Kl].ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Update_MissingRollout_NamesIt()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() => jobs.UpdateAsync("base/", ["rollouts/9/0.safetensors"], "rl/1/")))
            .Message.ShouldContain("rollouts/9/0.safetensors");
    }

    [Fact]
    public async Task Update_TornRollout_NamesTheFile()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        var whole = (await jobs.Blobs.TryReadAsync(rollout.Outputs["tokens"]))!;
        await jobs.Blobs.WriteAsync("torn.safetensors", BinaryData.FromBytes(whole.ToMemory()[..^7]));
        (await Should.ThrowAsync<Exception>(() => jobs.UpdateAsync("base/", ["torn.safetensors"], "rl/1/")))
            .Message.ShouldContain("rollout-0.safetensors");
    }

    [Fact]
    public async Task Evaluate_Checkpoint_AsksHeldOutProblemsOnly()
    {
        await jobs.PretrainAsync();
        var outcome = await jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
        {
            Seed = 3, Stage = "base", Task = JobRunner.Task, Checkpoint = "base/", Rewards = JobRunner.Rl.Rewards,
            Settings = new EvaluationRecipe { Task = "addition", Problems = 32, Samples = 2 },
        });
        outcome.Metrics[MetricNames.EvalOverlap].ShouldBe(0);
        outcome.Metrics[MetricNames.EvalProblems].ShouldBe(32);
        outcome.Metrics[MetricNames.EvalPassAt1].ShouldBeInRange(0, 1);
        outcome.Metrics[MetricNames.EvalK].ShouldBe(2);
        outcome.Metrics[MetricNames.EvalPassAtK].ShouldBeGreaterThanOrEqualTo(outcome.Metrics[MetricNames.EvalPassAt1]);
        outcome.Metrics[MetricNames.EvalConsAtK].ShouldBeLessThanOrEqualTo(outcome.Metrics[MetricNames.EvalPassAtK]);
        (await jobs.Blobs.TryReadAsync(outcome.Outputs["samples"]))!.ToString().ShouldContain("\"greedy\":true");
    }

    [Fact]
    public async Task Evaluate_MathDataSet_IsJudgedByMathAndReportsEveryFamily()
    {
        await jobs.PretrainAsync();
        var file = Path.GetTempFileName() + ".jsonl";
        // In the columns of MATH-500; the symbols are those that the model knows.
        await File.WriteAllLinesAsync(file,
            Enumerable.Range(10, 6)
            .Select(i => $$"""{"problem":"{{i}}+25=","solution":"It is \\boxed{ {{i + 25}} }.","level":1,"subject":"Algebra"}"""));
        try
        {
            var outcome = await jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
            {
                Seed = 3, Stage = "base", Checkpoint = "base/",
                    Task = new DatasetTask { Files = [file], Layout = DatasetLayout.Math, HeldOutPercent = 100 },
                Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/math"] = 1, ["language/consistency"] = 1 },
                Settings = new BenchmarkRecipe { Task = "math-500", Problems = 6, Samples = 3 },
            });
            outcome.Metrics[MetricNames.EvalProblems].ShouldBe(6);
            outcome.Metrics[MetricNames.EvalUnjudged].ShouldBe(0);
            outcome.Metrics[MetricNames.EvalPassAt1].ShouldBeInRange(0, 1);
            outcome.Metrics.ShouldContainKey(MetricNames.EvalLanguage);
            outcome.Metrics.ShouldContainKey(MetricNames.EvalGreedy + "language");
            outcome.Metrics.ShouldNotContainKey(MetricNames.EvalFormat, "nothing measures it");
            var sample = (await jobs.Blobs.TryReadAsync(outcome.Outputs["samples"]))!.ToString().Split('\n')[0];
            sample.ShouldMatch("\"answer\":\"[0-9]+\"");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task IterateAsync(string name, bool restart, RlStage? stage = null)
    {
        var policy = "base/";
        for (var iteration = 0; iteration < 3; iteration++)
        {
            var rollout = await jobs.RolloutAsync(policy, iteration, stage: stage);
            if (restart) jobs.Restart();
            await jobs.UpdateAsync(policy, [rollout.Outputs["tokens"]], $"{name}/{iteration + 1}/", iteration, stage);
            policy = $"{name}/{iteration + 1}/";
        }
    }

    private async Task<List<RolloutRow>> ReadAsync(JobOutcome rollout)
    {
        var file = Path.GetTempFileName();
        try
        {
            (await jobs.Blobs.TryDownloadAsync(rollout.Outputs["tokens"], file)).ShouldBeTrue();
            return RolloutFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
