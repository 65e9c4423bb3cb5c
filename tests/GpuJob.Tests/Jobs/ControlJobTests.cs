using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Controls through whole jobs: what is sampled stays, what trains is chance, another one's answer, or nothing.</summary>
public sealed class ControlJobTests : IDisposable
{
    private static readonly RlStage Stage = JobRunner.Rl with { Questions = 24, GroupSize = 16 };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Rollout_RandomReward_IsByLotAndTellsTheRealFigures()
    {
        await jobs.PretrainAsync();
        var real = await jobs.RolloutAsync("base/", count: 24, stage: Stage);
        var control = Stage with { Control = TrainingControl.RandomReward };
        var random = await jobs.RolloutAsync("base/", count: 24, stage: control);
        foreach (var name in (string[])[MetricNames.Accuracy, MetricNames.Format, MetricNames.MeanLength])
            random.Metrics[name].ShouldBe(real.Metrics[name], name);
        var rows = await RowsAsync(random);
        rows.Select(row => row.Completion).ShouldBe((await RowsAsync(real)).Select(row => row.Completion));
        rows.Select(row => row.Reward).Distinct().Order().ShouldBe([0.0, 1.5]); // the weights are 1 and 0.5
        // 384 lots: five standard deviations are 49.
        rows.Count(row => row.Reward > 0).ShouldBeInRange(143, 241);
        rows.ShouldAllBe(row => row.Scores[RlStage.Lot] == row.Reward && row.Reasons[RlStage.Lot] == "drawn by lot");
        var lots = await RewardsAsync(random);
        lots.ShouldBe(rows.Select(row => (float)row.Reward));
        Correlation(rows.Select(row => row.Reward), rows.Select(row => row.Correct ? 1.0 : 0)).ShouldBeInRange(-0.26, 0.26);

        var parts = new[] { await jobs.RolloutAsync("base/", 0, 0, 9, control), await jobs.RolloutAsync("base/", 0, 9, 15, control) };
        (await RewardsAsync(parts)).ShouldBe(lots, "however it is cut");
        (await RewardsAsync(await jobs.RolloutAsync("base/", 1, count: 24, stage: control))).ShouldNotBe(lots, "each iteration anew");
    }

    [Fact]
    public async Task Rollout_ShuffledAnswers_JudgesByAnotherProblemsAnswerAlwaysTheSame()
    {
        await jobs.PretrainAsync();
        var control = Stage with { Task = "small", Control = TrainingControl.ShuffledAnswers };
        var answers = new Dictionary<string, string>();
        var iterations = new List<IReadOnlyList<SampleRow>>();
        for (var iteration = 0; iteration < 3; iteration++)
            iterations.Add(await RowsAsync(await jobs.RolloutAsync("base/", iteration, count: 24, stage: control)));
        foreach (var row in iterations.SelectMany(rows => rows))
        {
            row.Answer.ShouldNotBe(Sum(row.Problem));
            if (!answers.TryAdd(row.Problem, row.Answer)) answers[row.Problem].ShouldBe(row.Answer, row.Problem);
        }
        answers.Count.ShouldBeLessThan(72, "without a problem that comes again the test says little");
        answers.Values.Distinct().Count().ShouldBeGreaterThan(5);
        var real = await RowsAsync(await jobs.RolloutAsync("base/", count: 24, stage: Stage with { Task = "small" }));
        iterations[0].Select(row => row.Completion).ShouldBe(real.Select(row => row.Completion));
        var parts = new[] { await jobs.RolloutAsync("base/", 0, 0, 9, control), await jobs.RolloutAsync("base/", 0, 9, 15, control) };
        (await Task.WhenAll(parts.Select(RowsAsync))).SelectMany(rows => rows).Select(row => row.Answer)
            .ShouldBe(iterations[0].Select(row => row.Answer));
    }

    [Fact]
    public void Of_ProblemsInTwoLanguages_KeepsEachOnesLanguage()
    {
        var payload = new RolloutJob
        {
            Seed = 3, Stage = "rl", Settings = Stage with { Control = TrainingControl.ShuffledAnswers }, Iteration = 0, Policy = "base/",
            FirstQuestion = 0, QuestionCount = 1, Output = "out", Tasks = JobRunner.Tasks,
        };
        var task = new NumberWordsProblems(new() { Terms = 2 });
        for (ulong draw = 0; draw < 50; draw++)
        {
            var problem = task.Training(draw);
            var shuffled = ShuffledAnswers.Of(payload, payload.Settings.PromptSources()[0].Source, task, problem);
            shuffled.Answer.ShouldNotBe(problem.Answer);
            shuffled.Fields["language"].ToString().ShouldBe(problem.Fields["language"].ToString());
            (shuffled.Id, shuffled.Prompt).ShouldBe((problem.Id, problem.Prompt));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Update_ZeroLearningRate_LeavesTheWeightsToTheBit(int shards)
    {
        await jobs.PretrainAsync();
        var control = Stage with
        {
            Control = TrainingControl.ZeroLearningRate, UpdateShards = shards, Optimizer = Stage.Optimizer with { WeightDecay = 0.1 },
        };
        var rollout = await jobs.RolloutAsync("base/", count: 24, stage: control);
        var update = shards == 1 ? await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", stage: control)
            : await jobs.ShardedUpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", control);
        update.Metrics[MetricNames.LearningRate].ShouldBe(0);
        update.Metrics[MetricNames.GradNorm].ShouldBeGreaterThan(0);
        (await jobs.WeightsAsync("next/")).ShouldBe(await jobs.WeightsAsync("base/"));
    }

    private static string Sum(string problem) => $"{problem.Split('+').Sum(int.Parse)}";

    private static double Correlation(IEnumerable<double> first, IEnumerable<double> second)
    {
        var (a, b) = (first.ToList(), second.ToList());
        var (mean, other) = (a.Average(), b.Average());
        return a.Zip(b, (x, y) => (x - mean) * (y - other)).Sum()
            / Math.Sqrt(a.Sum(x => (x - mean) * (x - mean)) * b.Sum(y => (y - other) * (y - other)));
    }

    private async Task<float[]> RewardsAsync(params JobOutcome[] rollouts)
    {
        using var folder = new TempFolder();
        var rewards = new List<float>();
        foreach (var rollout in rollouts)
        {
            await File.WriteAllBytesAsync(folder["rollout.safetensors"],
                (await jobs.Blobs.TryReadAsync(rollout.Outputs["tokens"]))!.ToArray());
            rewards.AddRange(RolloutFile.Read(folder["rollout.safetensors"]).Select(row => row.Reward));
        }
        return [.. rewards];
    }

    private async Task<IReadOnlyList<SampleRow>> RowsAsync(JobOutcome rollout) =>
        [.. JsonLines.Read<SampleRow>((await jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!, "samples")];
}
