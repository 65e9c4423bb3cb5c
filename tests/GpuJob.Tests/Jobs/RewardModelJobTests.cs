using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.RewardTraining;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs;

public sealed class RewardModelJobTests : IDisposable
{
    private readonly JobRunner jobs = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-reward-models");

    private static RewardModelStage Stage { get; } = new()
    {
        From = "base", Task = "pairs", Rows = 320, Epochs = 4, BatchSize = 32, HeldOut = 64, SaveEvery = 8,
            Optimizer = new() { LearningRate = 3e-3, WarmupSteps = 4 },
    };

    public void Dispose()
    {
        jobs.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Pairs_Trained_SeparatesHeldOutPairsByTheSummaryAlone()
    {
        await jobs.PretrainAsync();
        var outcome = await TrainAsync(Stage, RewardData.Pairs(folder));

        outcome.Outputs["checkpoint"].ShouldBe("rm/");
        (outcome.Metrics[MetricNames.Steps], outcome.Metrics[MetricNames.Rows]).ShouldBe((40, 320));
        // the thinking says the opposite
        outcome.Metrics[MetricNames.HeldOutAccuracy].ShouldBeGreaterThan(0.9, string.Join(", ", outcome.Metrics));
        outcome.Metrics[MetricNames.HeldOutMargin].ShouldBeGreaterThan(0);
        var log = await LogAsync(outcome);
        log.Count.ShouldBe(40);
        log[0].Values[MetricNames.Loss].ShouldBe(Math.Log(2), 0.3);
        log[^1].Values[MetricNames.Loss].ShouldBeLessThan(0.5 * log[0].Values[MetricNames.Loss]);
        log[^1].Values[MetricNames.ScoreAccuracy].ShouldBeInRange(0.9, 1);
    }

    [Fact]
    public async Task Labels_Trained_TellsHeldOutResponsesApart()
    {
        await jobs.PretrainAsync();
        var outcome = await TrainAsync(Stage with { Objective = RewardObjective.Pointwise }, RewardData.Labels(folder));

        outcome.Metrics[MetricNames.HeldOutAccuracy].ShouldBeGreaterThan(0.9, string.Join(", ", outcome.Metrics));
        outcome.Metrics[MetricNames.HeldOutAuc].ShouldBeGreaterThan(0.95);
    }

    [Theory]
    [InlineData(RewardObjective.Pairwise)]
    [InlineData(RewardObjective.Pointwise)]
    public async Task Requests_Trained_SeparatesHeldOutRows(RewardObjective objective)
    {
        var task = new RequestsTask { Languages = [TaskLanguage.En] };
        await jobs.RunAsync(models => new PretrainHandler(models), new PretrainJob
        {
            Seed = 3, Stage = "base", Tasks = new Dictionary<string, TaskRecipe> { ["requests"] = task }, Checkpoint = "base/",
            Settings = JobRunner.Pretraining with { Task = "requests", Steps = 40,
                Model = JobRunner.Pretraining.Model with { MaxPositions = 160 } },
        }, jobId: "base");
        var outcome = await TrainAsync(Stage with
        {
            Task = "requests", Objective = objective, Rows = 512, Epochs = 2,
                Optimizer = new() { LearningRate = 2e-3, WarmupSteps = 4, Schedule = LearningRateSchedule.Linear },
        }, task);
        outcome.Metrics[MetricNames.HeldOutAccuracy].ShouldBeGreaterThan(0.9, string.Join(", ", outcome.Metrics));
    }

    [Fact]
    public async Task Train_PreemptedAndContinuedElsewhere_EndsWithTheSameBits()
    {
        await jobs.PretrainAsync();
        var (stage, task) = (Stage with { Epochs = 1, SaveEvery = 3, MicroBatchSize = 12 }, RewardData.Pairs(folder));
        await TrainAsync(stage, task, "undisturbed/", "a");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<PreemptedException>(() =>
            TrainAsync(stage, task, "disturbed/", "b", stop.Token, step => { if (step == 4) stop.Cancel(); }));
        jobs.Restart();
        var steps = new List<int>();
        await TrainAsync(stage, task, "disturbed/", "b", onStep: steps.Add);
        steps.ShouldBe([5, 6, 7, 8, 9, 10]);
        (await jobs.HashAsync("disturbed/")).ShouldBe(await jobs.HashAsync("undisturbed/"));
        (await jobs.HashAsync("disturbed/")).ShouldContain(RewardModelInfo.FileName);
    }

    [Fact]
    public async Task Train_Again_LeavesTheModelThatItStartsFromAsItWas()
    {
        await jobs.PretrainAsync();
        var before = await jobs.RolloutAsync("base/");
        await TrainAsync(Stage with { Epochs = 1 }, RewardData.Pairs(folder));
        var after = await jobs.RolloutAsync("base/");
        after.Metrics[MetricNames.RewardMean].ShouldBe(before.Metrics[MetricNames.RewardMean]);
    }

    [Fact]
    public async Task Train_TaskWithoutSuchRows_IsBadInput()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() => TrainAsync(Stage, JobRunner.Task)))
            .Message.ShouldContain("a task with preference pairs");
        (await Should.ThrowAsync<BadInputException>(() => TrainAsync(Stage, RewardData.Labels(folder))))
            .Message.ShouldContain("a task with preference pairs");
        (await Should.ThrowAsync<BadInputException>(() =>
            TrainAsync(Stage with { Objective = RewardObjective.Pointwise }, RewardData.Pairs(folder))))
            .Message.ShouldContain("a task with labelled responses");
    }

    [Fact]
    public async Task Train_RowThatCannotBeRead_IsNamed()
    {
        await jobs.PretrainAsync();
        (await Should.ThrowAsync<BadInputException>(() =>
            TrainAsync(Stage,
                RewardData.Write(folder, "long", DatasetLayout.Preferences,
                    [new { prompt = "1+1=", chosen = new string('1', 200), rejected = "2" }])))).Message.ShouldContain("at most");
        (await Should.ThrowAsync<BadInputException>(() =>
            TrainAsync(Stage,
                RewardData.Write(folder, "open", DatasetLayout.Preferences,
                    [new { prompt = "1+1=", chosen = "<think>2", rejected = "2" }])))).Message.ShouldContain("no summary to score");
    }

    [Fact]
    public async Task Rollout_OfARewardModel_IsRefused()
    {
        await jobs.PretrainAsync();
        await TrainAsync(Stage with { Epochs = 1 }, RewardData.Pairs(folder));
        (await Should.ThrowAsync<BadInputException>(() => jobs.RolloutAsync("rm/"))).Message.ShouldContain("reward model");
    }

    [Fact]
    public void Scores_Gradient_IsThatOfFiniteDifferences()
    {
        using var model = RewardModel.Create(TestModels.Create(TestModels.Config()), seed: 5);
        var rows = new[] { new PairRow([2, 5, 9, 1], [2, 5, 7, 8, 1]), new PairRow([2, 6, 1], [2, 11, 12, 13, 14, 1]) };
        var parameter = model.Parameters.Single(item => item.name == "score.weight").parameter;
        using var scope = NewDisposeScope();
        new PairObjective().Compute(model, rows).Loss.backward();
        var gradient = parameter.grad!.flatten().data<float>().ToArray();
        foreach (var index in new[] { 0, 7, 31 })
        {
            const float step = 1e-2f;
            var slope = (Loss(index, step) - Loss(index, -step)) / (2 * step);
            slope.ShouldBe(gradient[index], 2e-3f);
        }

        float Loss(int index, float move)
        {
            using var _ = no_grad();
            parameter[0, index] += move;
            var loss = new PairObjective().Compute(model, rows).Loss.item<float>();
            parameter[0, index] -= move;
            return loss;
        }
    }

    [Theory]
    [InlineData(new[] { 2.0, 3 }, new[] { 0.0, 1 }, 1)]
    [InlineData(new[] { 1.0 }, new[] { 1.0 }, 0.5)]
    [InlineData(new[] { 0.0, 2 }, new[] { 1.0, 3 }, 0.25)]
    public void Area_Scores_IsTheChanceOfTheRightOrder(double[] positives, double[] negatives, double area) =>
        HeldOutFigures.Area(positives, negatives).ShouldBe(area, 1e-12);

    private Task<JobOutcome> TrainAsync(RewardModelStage stage, TaskRecipe task, string to = "rm/", string jobId = "rm",
        CancellationToken preemption = default, Action<int>? onStep = null) =>
        jobs.RunAsync(models => new RewardModelHandler(models),
            new RewardModelJob { Seed = 3, Stage = "helpful", Settings = stage, Task = task, From = "base/", Checkpoint = to }, preemption,
            jobId, onStep);

    private async Task<List<TrainingStep>> LogAsync(JobOutcome outcome) =>
        [.. (await jobs.Blobs.TryReadAsync(outcome.Outputs["steps"]))!.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<TrainingStep>(line, R1Json.Options)!)];
}
