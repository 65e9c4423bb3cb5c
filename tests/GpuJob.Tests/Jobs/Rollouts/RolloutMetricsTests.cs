using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Tests.Jobs.Rollouts;

public sealed class RolloutMetricsTests
{
    [Fact]
    public void Of_DroppedSamples_CountInNoMeanButInTheirOwnFigures()
    {
        var scores = new[]
        {
            Scored(1, RewardOutcome.Scored, dropped: false), Scored(0, RewardOutcome.Unparsable, dropped: false),
            Scored(0, RewardOutcome.Error, dropped: true), Scored(0, RewardOutcome.Timeout, dropped: true),
        };
        var metrics =
            RolloutMetrics.Of([.. scores.Select((score, i) => Row(0, (float)score.Total, score.Dropped))], scores, ["", "", "", ""]);
        metrics[MetricNames.RewardMean].ShouldBe(0.5);
        metrics[MetricNames.Accuracy].ShouldBe(0.5);
        metrics["rewards/accuracy/x/mean"].ShouldBe(0.5);
        metrics[MetricNames.DroppedRatio].ShouldBe(0.5);
        foreach (var outcome in new[] { "scored", "unparsable", "timeout", "error" })
            metrics[$"rewards/accuracy/x/{outcome}"].ShouldBe(0.25, outcome);
    }

    [Fact]
    public void Of_AllDropped_HaveNoRewardRatherThanZero()
    {
        var score = Scored(0, RewardOutcome.Error, dropped: true);
        var metrics = RolloutMetrics.Of([Row(0, 0, true)], [score], ["accuracy/x"]);
        metrics.ShouldNotContainKey(MetricNames.RewardMean);
        metrics.ShouldNotContainKey(MetricNames.Accuracy);
        metrics[MetricNames.DroppedRatio].ShouldBe(1);
    }

    private static ScoredCompletion Scored(double score, RewardOutcome outcome, bool dropped) =>
        new(score, new Dictionary<string, Reward> { ["accuracy/x"] = new(score, "", outcome) }, dropped);

    internal static RolloutRow Row(int question, float reward, bool dropped = false) => new()
    {
        Question = question, Prompt = [1], Completion = [2, 3], LogProbs = [-1, -1], PolicyLogProbs = [-1, -1], Reward = reward,
            Truncated = false, Dropped = dropped,
    };
}
