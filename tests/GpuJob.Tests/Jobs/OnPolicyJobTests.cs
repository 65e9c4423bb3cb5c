using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.Updates;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>On-policy distillation through whole updates.</summary>
public sealed class OnPolicyJobTests : IDisposable
{
    private static readonly RlStage Alone = JobRunner.Rl with
    {
        Rewards = new Dictionary<string, RewardRecipe>(), Questions = 16, MiniBatches = 1, Teacher = new() { From = "teacher" },
        Loss = new() { Aggregation = LossAggregation.TokenMean }, Optimizer = new() { LearningRate = 3e-3 },
    };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData(DistillationLoss.ReverseKl)]
    public async Task Update_TeacherAlone_BringsTheStudentNearerFromIterationToIteration(DistillationLoss loss)
    {
        await ModelsAsync();
        var stage = Alone with { MiniBatches = 4, Teacher = Alone.Teacher! with { Loss = loss } };
        var (policy, figures) = ("base/", new List<double>());
        for (var iteration = 0; iteration < 12; iteration++)
        {
            var rollout = await jobs.RolloutAsync(policy, iteration, count: 16, stage: stage);
            var next = $"rl/{iteration + 1}/";
            var update = await UpdateAsync(policy, rollout.Outputs["tokens"], next, stage, iteration);
            figures.Add(update.Metrics[loss == DistillationLoss.Jsd ? MetricNames.TeacherJsd : MetricNames.TeacherReverseKl]);
            policy = next;
        }
        figures[0].ShouldBeGreaterThan(0.02);
        figures.TakeLast(3).Average().ShouldBeLessThan(0.85 * figures.Take(3).Average(), string.Join(' ', figures));
    }

    /// <summary>On the same samples, as what a student samples changes with it.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0)]
    [InlineData(0.5, 4)]
    [InlineData(1, 0)]
    public async Task Update_JsdOverTheSameSamples_FallsFromPassToPass(double beta, int topK)
    {
        await ModelsAsync();
        var stage = Alone with { Teacher = Alone.Teacher! with { Loss = DistillationLoss.Jsd, Beta = beta, TopK = topK } };
        var rollout = (await jobs.RolloutAsync("base/", count: 16, stage: stage)).Outputs["tokens"];
        async Task<double> MeanAsync(int passes) =>
            (await UpdateAsync("base/", rollout, $"rl/{passes}/", stage with { Epochs = passes })).Metrics[MetricNames.TeacherJsd];
        var (first, mean) = (await MeanAsync(1), await MeanAsync(16));
        first.ShouldBeGreaterThan(0.02);
        mean.ShouldBeLessThan(0.9 * first);
    }

    [Theory]
    [InlineData(DistillationLoss.ReverseKl)]
    [InlineData(DistillationLoss.Jsd)]
    public async Task Update_InShardsOrOnAnotherWorker_IsTheSame(DistillationLoss loss)
    {
        await ModelsAsync();
        var stage = Alone with { MiniBatches = 2, Teacher = Alone.Teacher! with { Loss = loss } };
        var rollout = (await jobs.RolloutAsync("base/", count: 16, stage: stage)).Outputs["tokens"];
        var whole = await UpdateAsync("base/", rollout, "whole/1/", stage);
        jobs.Restart();
        await UpdateAsync("base/", rollout, "again/1/", stage);
        (await jobs.WeightsAsync("again/1/")).ShouldBe(await jobs.WeightsAsync("whole/1/"));
        var shards = await jobs.ShardedUpdateAsync("base/", [rollout], "shards/1/", stage with { UpdateShards = 3 }, teacher: "teacher/");
        foreach (var name in new[] { MetricNames.Loss, MetricNames.GradNorm,
            loss == DistillationLoss.Jsd ? MetricNames.TeacherJsd : MetricNames.TeacherReverseKl })
            shards.Metrics[name].ShouldBe(whole.Metrics[name], 1e-4, name);
    }

    [Fact]
    public async Task Update_BesideRewards_HasBothByTheirWeights()
    {
        await ModelsAsync();
        RlStage Both(double weight) => Alone with { Rewards = JobRunner.Rl.Rewards, Teacher = Alone.Teacher! with { Weight = weight } };
        var rollout = (await jobs.RolloutAsync("base/", count: 16, stage: Both(1))).Outputs["tokens"];
        var none = await jobs.UpdateAsync("base/", [rollout], "none/1/", stage: Both(1) with { Teacher = null });
        var little = (await UpdateAsync("base/", rollout, "little/1/", Both(1e-6))).Metrics[MetricNames.GradNorm];
        var much = (await UpdateAsync("base/", rollout, "much/1/", Both(1))).Metrics[MetricNames.GradNorm];
        little.ShouldBe(none.Metrics[MetricNames.GradNorm], 1e-4);
        Math.Abs(much - little).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public async Task Update_Lora_TrainsTheAdapterAlone()
    {
        await ModelsAsync();
        var stage = Alone with { Optimizer = Alone.Optimizer with { Lora = new() { Rank = 4, Alpha = 8 } } };
        var rollout = (await jobs.RolloutAsync("base/", count: 16, stage: stage)).Outputs["tokens"];
        var update = await UpdateAsync("base/", rollout, "lora/1/", stage);
        update.Metrics[MetricNames.GradNorm].ShouldBeGreaterThan(0);
        (await jobs.RolloutAsync("lora/1/", 1, count: 16, stage: stage)).Metrics[MetricNames.Samples].ShouldBe(64);
    }

    [Fact]
    public async Task Update_TeacherWithOtherTokens_IsBadInputThatNamesOne()
    {
        await jobs.PretrainAsync();
        await jobs.RunAsync(models => new PretrainHandler(models), new PretrainJob
        {
            Seed = 4, Stage = "other", Settings = JobRunner.Pretraining with { Task = "words", Steps = 2 }, Checkpoint = "teacher/",
            Tasks = new Dictionary<string, TaskRecipe> { ["words"] = new NumberWordsTask() },
        });
        var rollout = (await jobs.RolloutAsync("base/", count: 16, stage: Alone)).Outputs["tokens"];
        (await Should.ThrowAsync<BadInputException>(() => UpdateAsync("base/", rollout, "rl/1/", Alone)))
            .Message.ShouldContain("has other tokens than the student: id ");
    }

    // A student, and a teacher that was trained for longer.
    private async Task ModelsAsync()
    {
        await jobs.PretrainAsync();
        var longer = JobRunner.Pretraining with { Steps = 300, Corpus = new() { Tagged = 1, Guesses = 0.1 } };
        await jobs.PretrainAsync("teacher/", stage: longer, jobId: "teacher");
    }

    private Task<JobOutcome> UpdateAsync(string policy, string rollout, string next, RlStage stage, int iteration = 0) =>
        jobs.RunAsync(models => new UpdateHandler(models), new UpdateJob
        {
            Seed = 3, Stage = "rl", Settings = stage, Iteration = iteration, Policy = policy, Rollouts = [rollout], Checkpoint = next,
            Teacher = "teacher/",
        });
}
