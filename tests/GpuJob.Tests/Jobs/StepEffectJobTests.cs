using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.RewardTraining;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>
/// A training whose steps change no weight shows in a figure, and ends in an error where it should have changed some: the same check for
/// every kind of training.
/// </summary>
public sealed class StepEffectJobTests : IDisposable
{
    private static readonly OptimizerRecipe TooSmall = new() { LearningRate = 1e-30 };

    private readonly JobRunner jobs = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-step-effects");

    public void Dispose()
    {
        jobs.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Train_AtARateThatRoundsAway_IsRefusedByEveryKind()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        var rl = JobRunner.Rl with { Optimizer = TooSmall };
        await jobs.Blobs.WriteAsync("cold.jsonl", CompletionRow.ToJsonLines(Enumerable.Range(0, 32).Select(Row)));
        foreach (var run in new Func<Task<JobOutcome>>[]
        {
            () => jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", stage: rl),
            () => jobs.ShardedUpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", rl with { UpdateShards = 2 }),
            () => SftAsync(TooSmall, "next/"),
            () => RewardModelAsync(TooSmall, RewardObjective.Pairwise, RewardData.Pairs(folder), "next/"),
            () => RewardModelAsync(TooSmall, RewardObjective.Pointwise, RewardData.Labels(folder), "next/"),
            () => jobs.RunAsync(models => new PretrainHandler(models),
                new PretrainJob { Seed = 3, Stage = "base", Settings = JobRunner.Pretraining with { Steps = 20, Optimizer = TooSmall },
                    Tasks = JobRunner.Tasks, Checkpoint = "next/" }),
        })
        {
            var error = await Should.ThrowAsync<BadInputException>(run);
            error.Message.ShouldContain("changed no weight");
            error.Message.ShouldContain("optimizer.learningRate");
            Failures.ExitCode(error).ShouldBe(ExitCodes.BadInput);
        }
        (await jobs.Blobs.ListAsync("next/").AnyAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Train_LastStepAtRateZero_IsCountedAndNoError()
    {
        await jobs.PretrainAsync();
        await jobs.Blobs.WriteAsync("cold.jsonl", CompletionRow.ToJsonLines(Enumerable.Range(0, 32).Select(Row)));
        var sft = await SftAsync(new() { LearningRate = 1e-3, Schedule = LearningRateSchedule.Linear, FinalRatio = 0 }, "sft/");
        (sft.Metrics[MetricNames.Steps], sft.Metrics[MetricNames.StepsWithoutEffect]).ShouldBe((4, 1));
        var scores =
            await RewardModelAsync(new() { LearningRate = 1e-3, Schedule = LearningRateSchedule.Linear, FinalRatio = 0 },
                RewardObjective.Pairwise, RewardData.Pairs(folder), "rm/");
        (scores.Metrics[MetricNames.Steps], scores.Metrics[MetricNames.StepsWithoutEffect]).ShouldBe((4, 1));
        var rl = JobRunner.Rl with { Iterations = 1,
            Optimizer = new() { LearningRate = 1e-3, Schedule = LearningRateSchedule.Linear, FinalRatio = 0 } };
        var rollout = await jobs.RolloutAsync("base/", stage: rl);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/", stage: rl);
        (update.Metrics[MetricNames.Steps], update.Metrics[MetricNames.StepsWithoutEffect]).ShouldBe((2, 2));
        update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/", stage: JobRunner.Rl);
        update.Metrics[MetricNames.StepsWithoutEffect].ShouldBe(0);
    }

    private Task<JobOutcome> SftAsync(OptimizerRecipe optimizer, string to) => jobs.RunAsync(models => new SftHandler(models), new SftJob
    {
        Seed = 3, Stage = "dev1", Settings = new() { Data = ["cold"], Epochs = 2, BatchSize = 16, SaveEvery = 100, Optimizer = optimizer },
            From = "base/",
        Data = new Dictionary<string, IReadOnlyList<string>> { ["cold"] = ["cold.jsonl"] }, Tasks = new Dictionary<string, TaskRecipe>(),
            Checkpoints = to,
    }, jobId: to.TrimEnd('/'));

    private Task<JobOutcome> RewardModelAsync(OptimizerRecipe optimizer, RewardObjective objective, TaskRecipe task, string to) =>
        jobs.RunAsync(models => new RewardModelHandler(models), new RewardModelJob
    {
        Seed = 3, Stage = "rm",
            Settings = new() { From = "base", Task = "pairs", Objective = objective, Rows = 64, Epochs = 1, BatchSize = 16, HeldOut = 16,
                SaveEvery = 100, Optimizer = optimizer },
        Task = task, From = "base/", Checkpoint = to,
    }, jobId: to.TrimEnd('/'));

    private static CompletionRow Row(int number) => new()
    {
        Prompt = $"{number:D2}+01=", Completion = $"<answer>{number + 1}</answer>", Answer = $"{number + 1}",
            Verdicts = new Dictionary<string, double>(),
    };
}
