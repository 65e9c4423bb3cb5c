using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Rollouts from several prompt sources, and updates with dynamic sampling.</summary>
public sealed class SourcesJobTests : IDisposable
{
    private static readonly RlStage Mixed = JobRunner.Rl with
    {
        Task = null,
        Rewards = new Dictionary<string, RewardRecipe>(),
        Sources = new Dictionary<string, PromptSource>
        {
            ["sums"] = new() { Task = "addition", Share = 3,
                Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1, ["format/think-answer"] = 0.5 } },
            ["digits"] = new() { Task = "small", Rewards = new Dictionary<string, RewardRecipe> { ["format/think-answer"] = 0.25 } },
        },
    };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public async Task Rollout_TwoSourcesInShards_IsTheSameAsWhole()
    {
        await jobs.PretrainAsync();
        var whole = await jobs.RolloutAsync("base/", iteration: 1, stage: Mixed);
        jobs.Restart();
        var parts = new[] { await jobs.RolloutAsync("base/", 1, first: 0, count: 3, Mixed),
            await jobs.RolloutAsync("base/", 1, first: 3, count: 5, Mixed) };

        var rows = await ReadAsync(whole);
        var split = new List<RolloutRow>();
        foreach (var part in parts) split.AddRange(await ReadAsync(part));
        split.Count.ShouldBe(rows.Count);
        foreach (var (part, row) in split.Zip(rows))
        {
            (part.Question, part.Reward).ShouldBe((row.Question, row.Reward));
            (part.Prompt, part.Completion)
                .ShouldSatisfyAllConditions(it => it.Prompt.ShouldBe(row.Prompt), it => it.Completion.ShouldBe(row.Completion));
        }
        (await SamplesAsync(parts[0]) + await SamplesAsync(parts[1])).ShouldBe(await SamplesAsync(whole));
    }

    [Fact]
    public async Task Rollout_TwoSources_ScoresAndCountsEachByItsOwnRewards()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/", stage: Mixed);
        var split = new QuestionSplit(Mixed);
        var rows = await ReadAsync(rollout);
        var bySource = rows.ToLookup(row => split.At(0, row.Question).Source);
        (bySource["sums"].Count(), bySource["digits"].Count()).ShouldBe((6 * 4, 2 * 4));
        rows.GroupBy(row => row.Question).ShouldAllBe(group => group.Count() == 4);
        bySource["digits"].ShouldAllBe(row => row.Reward == 0 || row.Reward == 0.25f);
        bySource["digits"].ShouldAllBe(row => row.Prompt.Length < bySource["sums"].First().Prompt.Length);

        var metrics = rollout.Metrics;
        metrics[MetricNames.RewardMean].ShouldBe(rows.Average(row => row.Reward), 1e-6);
        foreach (var source in bySource)
        {
            metrics[MetricNames.OfSource(source.Key, MetricNames.RewardMean)].ShouldBe(source.Average(row => row.Reward), 1e-6);
            metrics[MetricNames.OfSource(source.Key, MetricNames.Samples)].ShouldBe(source.Count());
        }
        metrics[MetricNames.Accuracy].ShouldBe(metrics[MetricNames.OfSource("sums", MetricNames.Accuracy)], "nothing else has an accuracy");
        metrics.ShouldNotContainKey(MetricNames.OfSource("digits", MetricNames.Accuracy));
        metrics[MetricNames.QuestionsUseful]
            .ShouldBe(rows.GroupBy(row => row.Question).Count(group => group.Select(row => row.Reward).Distinct().Count() > 1));
        (await SamplesAsync(rollout)).ShouldContain("\"source\":\"digits\"");
    }

    [Fact]
    public async Task Rollout_OneTask_HasNoFiguresOfSources()
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        rollout.Metrics.Keys.ShouldNotContain(name => name.StartsWith(MetricNames.Sources, StringComparison.Ordinal));
        (await SamplesAsync(rollout)).ShouldNotContain("\"source\"");
    }

    [Fact]
    public async Task Rollout_UnknownTask_NamesIt()
    {
        var stage = JobRunner.Rl with { Task = "nowhere" };
        (await Should.ThrowAsync<BadInputException>(() => jobs.RolloutAsync("base/", stage: stage)))
            .Message.ShouldContain("no task 'nowhere', only: addition, small");
    }

    [Fact]
    public async Task Update_DynamicSampling_LearnsFromTheFirstUsefulQuestionsOfAllRounds()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { DynamicSampling = new() };
        var first = await jobs.RolloutAsync("base/", stage: stage);
        var second = await jobs.RolloutAsync("base/", first: 8, count: 8, stage: stage);
        var useful = new[] { first, second }.Sum(round => (int)round.Metrics[MetricNames.QuestionsUseful]);
        first.Metrics[MetricNames.QuestionsUseful].ShouldBeInRange(1, 7, "else there is nothing to fill up");
        useful.ShouldBeGreaterThan((int)first.Metrics[MetricNames.QuestionsUseful]);

        var update = await jobs.UpdateAsync("base/", [first.Outputs["tokens"], second.Outputs["tokens"]], "rl/1/", stage: stage);
        update.Metrics[MetricNames.Samples].ShouldBe(4 * Math.Min(8, useful));

        // The same rounds in other shards end with the same bits.
        var shards = new List<string>();
        foreach (var (from, count) in new[] { (0, 3), (3, 5), (8, 4), (12, 4) })
            shards.Add((await jobs.RolloutAsync("base/", first: from, count: count, stage: stage)).Outputs["tokens"]);
        await jobs.UpdateAsync("base/", shards, "shards/1/", stage: stage);
        (await jobs.HashAsync("shards/1/")).ShouldBe(await jobs.HashAsync("rl/1/"));
        (await jobs.WeightsAsync("rl/1/")).ShouldNotBe(await jobs.WeightsAsync("base/"));
    }

    [Fact]
    public async Task Update_NothingUseful_KeepsThePolicyAndGoesOn()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { DynamicSampling = new(),
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 0, ["length/overlong"] = 1e-30 } };
        var rollout = await jobs.RolloutAsync("base/", stage: stage with { Sampling = new() { MaxNewTokens = 1 } });
        rollout.Metrics[MetricNames.QuestionsUseful].ShouldBe(0);

        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        (update.Metrics[MetricNames.Samples], update.Metrics[MetricNames.Steps], update.Metrics[MetricNames.Tokens]).ShouldBe((0, 0, 0));
        (await jobs.WeightsAsync("rl/1/")).ShouldBe(await jobs.WeightsAsync("base/"));

        // The next iteration finds a policy and an optimizer, here and elsewhere.
        await NextAsync("here/2/");
        jobs.Restart();
        await NextAsync("elsewhere/2/");
        (await jobs.HashAsync("elsewhere/2/")).ShouldBe(await jobs.HashAsync("here/2/"));
        (await jobs.WeightsAsync("here/2/")).ShouldNotBe(await jobs.WeightsAsync("base/"));

        async Task NextAsync(string next) =>
            await jobs.UpdateAsync("rl/1/", [(await jobs.RolloutAsync("rl/1/", iteration: 1)).Outputs["tokens"]], next, iteration: 1);
    }

    [Theory]
    [InlineData("grpo", AdvantageBaseline.LeaveOneOut, AdvantageScale.None, 0.2)]
    [InlineData("dapo", AdvantageBaseline.GroupMean, AdvantageScale.Group, 0.28)]
    [InlineData("dr-grpo", AdvantageBaseline.GroupMean, AdvantageScale.None, 0.2)]
    [InlineData("gspo", AdvantageBaseline.GroupMean, AdvantageScale.Batch, 4e-4)]
    [InlineData("cispo", AdvantageBaseline.GroupMean, AdvantageScale.Group, 5)]
    public async Task Update_LossesOfLaterPractice_TrainFromARecipe(string name, AdvantageBaseline baseline, AdvantageScale scale,
        double clipHigh)
    {
        await jobs.PretrainAsync();
        var rollout = await jobs.RolloutAsync("base/");
        async Task<JobOutcome> UpdateAsync(string next, PolicyLossRecipe loss) =>
            await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], next, stage: JobRunner.Rl with { Loss = loss },
                reference: "base/");
        var plain = await UpdateAsync("grpo/1/", new());
        foreach (var estimator in new[] { KlEstimator.K2, KlEstimator.K3 })
        {
            var other = await UpdateAsync($"{name}-{estimator}/1/",
                new() { Name = name, AdvantageBaseline = baseline, AdvantageScale = scale, ClipHigh = clipHigh, KlWeight = 0.1,
                    KlEstimator = estimator, MaskTruncated = true });
            other.Metrics[MetricNames.Loss].ShouldNotBe(plain.Metrics[MetricNames.Loss]);
            other.Metrics[MetricNames.GradNorm].ShouldBeGreaterThan(0);
            (await jobs.WeightsAsync($"{name}-{estimator}/1/")).ShouldNotBe(await jobs.WeightsAsync("grpo/1/"));
        }
    }

    private async Task<string> SamplesAsync(JobOutcome rollout) => (await jobs.Blobs.TryReadAsync(rollout.Outputs["samples"]))!.ToString();

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
