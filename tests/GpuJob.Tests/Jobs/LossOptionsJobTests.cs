using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Loss options that a recipe reaches, through whole updates.</summary>
public sealed class LossOptionsJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    /// <summary>The tokens of highest entropy are those of the whole mini-batch, however it is cut.</summary>
    [Fact]
    public async Task Update_HighEntropyShareInPartsAndShards_IsThatOfTheMiniBatch()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Loss = new() { HighEntropyShare = 0.3 } };
        var rollout = (await jobs.RolloutAsync("base/", stage: stage)).Outputs["tokens"];
        var whole = await jobs.UpdateAsync("base/", [rollout], "whole/1/", stage: stage);
        var parts = await jobs.UpdateAsync("base/", [rollout], "parts/1/", stage: stage with { MicroBatchSize = 3 });
        var shards = await jobs.ShardedUpdateAsync("base/", [rollout], "shards/1/", stage with { UpdateShards = 3 });
        var all = await jobs.UpdateAsync("base/", [rollout], "all/1/");
        foreach (var name in new[] { MetricNames.Loss, MetricNames.GradNorm })
        {
            parts.Metrics[name].ShouldBe(whole.Metrics[name], 1e-4, name);
            shards.Metrics[name].ShouldBe(whole.Metrics[name], 1e-4, name);
            Math.Abs(all.Metrics[name] - whole.Metrics[name]).ShouldBeGreaterThan(1e-3, name);
        }
    }

    [Fact]
    public async Task Update_KlMetric_MeasuresAndLeavesTheWeights()
    {
        await jobs.PretrainAsync();
        var rollout = (await jobs.RolloutAsync("base/")).Outputs["tokens"];
        await jobs.UpdateAsync("base/", [rollout], "rl/1/");
        var second = (await jobs.RolloutAsync("rl/1/", iteration: 1)).Outputs["tokens"];
        var plain = await jobs.UpdateAsync("rl/1/", [second], "plain/2/", iteration: 1);
        var stage = JobRunner.Rl with { Loss = new() { KlMetric = KlEstimator.K1 } };
        var measured = await jobs.UpdateAsync("rl/1/", [second], "measured/2/", iteration: 1, stage: stage, reference: "base/");
        plain.Metrics.ShouldNotContainKey(MetricNames.Kl);
        measured.Metrics[MetricNames.Kl].ShouldNotBe(0);
        (await jobs.WeightsAsync("measured/2/")).ShouldBe(await jobs.WeightsAsync("plain/2/"));
    }

    /// <summary>REINFORCE++ needs the whole batch before the first step: every shard has the same advantages.</summary>
    [Theory]
    [InlineData(AdvantageBaseline.None, 0)]
    [InlineData(AdvantageBaseline.GroupMean, 3)]
    public async Task Update_KlInReward_IsOfTheWholeBatchHoweverItIsCut(AdvantageBaseline baseline, int microBatch)
    {
        await jobs.PretrainAsync();
        var first = (await jobs.RolloutAsync("base/")).Outputs["tokens"];
        await jobs.UpdateAsync("base/", [first], "rl/1/"); // so that policy and reference differ
        var stage = JobRunner.Rl with
        {
            MicroBatchSize = microBatch,
            Loss = new() { KlWeight = 0.5, KlInReward = true, KlEstimator = KlEstimator.K1, AdvantageBaseline = baseline,
                AdvantageScale = AdvantageScale.BatchTokens, Aggregation = LossAggregation.TokenMean },
        };
        var rollout = (await jobs.RolloutAsync("rl/1/", stage: stage, iteration: 1)).Outputs["tokens"];
        var whole = await jobs.UpdateAsync("rl/1/", [rollout], "whole/2/", iteration: 1, stage: stage, reference: "base/");
        var shards = await jobs.ShardedUpdateAsync("rl/1/", [rollout], "shards/2/", stage with { UpdateShards = 3 }, reference: "base/",
            iteration: 1);
        var none = await jobs.UpdateAsync("rl/1/", [rollout], "none/2/", iteration: 1,
            stage: stage with { Loss = stage.Loss with { KlWeight = 0, KlInReward = false } });
        foreach (var name in new[] { MetricNames.Loss, MetricNames.GradNorm, MetricNames.Kl })
            shards.Metrics[name].ShouldBe(whole.Metrics[name], 1e-4, name);
        whole.Metrics[MetricNames.Kl].ShouldNotBe(0);
        Math.Abs(none.Metrics[MetricNames.GradNorm] - whole.Metrics[MetricNames.GradNorm]).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public async Task Update_K1InTheLoss_IsBadInput()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Loss = new() { KlWeight = 0.5, KlEstimator = KlEstimator.K1 } };
        var rollout = (await jobs.RolloutAsync("base/", stage: stage)).Outputs["tokens"];
        (await Should.ThrowAsync<BadInputException>(() => jobs.UpdateAsync("base/", [rollout], "rl/1/", stage: stage, reference: "base/")))
            .Message.ShouldContain("the same for every reference");
    }

    [Fact]
    public async Task Rollout_WeightsThatAreTooLarge_AreBadInput()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with {
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 600, ["format/think-answer"] = -600 } };
        (await Should.ThrowAsync<BadInputException>(() => jobs.RolloutAsync("base/", stage: stage)))
            .Message.ShouldContain("add up to 1200");
    }
}
