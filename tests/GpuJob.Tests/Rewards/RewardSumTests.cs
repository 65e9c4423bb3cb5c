using System.Text.Json;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Rewards;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Rewards;

public sealed class RewardSumTests
{
    // A row without the column that the reward needs: the verifier cannot say anything.
    private static readonly Completion Unjudgeable = new("<think></think><answer>1+1</answer>", "2", Finished: true);

    [Fact]
    public void Registry_AndCatalog_HoldTheSameRewardsWithTheSameOptions()
    {
        RewardFunctions.Names.Order(StringComparer.Ordinal).ShouldBe(RewardCatalog.OptionTypes.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, kind) in RewardFunctions.All) kind.OptionType.ShouldBe(RewardCatalog.OptionTypes[name], name);
    }

    [Fact]
    public void Score_SeveralRewards_IsTheWeightedSum()
    {
        var sum = new RewardSum(new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 2, ["format/think-answer"] = 0.5 });
        sum.Score(new("<think></think><answer>2</answer>", "2", true)).Total.ShouldBe(2.5);
        sum.Score(new("<answer>2</answer>", "2", true)).Total.ShouldBe(2);
    }

    [Fact]
    public void Create_UnknownOption_NamesRewardFieldAndWhatIsAllowed()
    {
        var recipe = new Dictionary<string, RewardRecipe> { ["length/overlong"] = new() { Options = JsonSerializer.Deserialize<JsonElement>("""{"bufer":1}""") } };
        Should.Throw<BadInputException>(() => new RewardSum(recipe)).Message.ShouldMatch("length/overlong.*options\\.bufer.*bufferTokens");
    }

    [Theory]
    [InlineData(RewardErrorPolicy.Drop, true)]
    [InlineData(RewardErrorPolicy.ScoreZero, false)]
    public void Score_VerifierThatFails_FollowsThePolicyAndSaysSo(RewardErrorPolicy policy, bool dropped)
    {
        var sum = new RewardSum(new Dictionary<string, RewardRecipe> { ["accuracy/countdown"] = new() { OnError = policy }, ["format/think-answer"] = 1 });
        var scored = sum.Score(Unjudgeable);
        scored.Dropped.ShouldBe(dropped);
        scored.Verdicts["accuracy/countdown"].Outcome.ShouldBe(RewardOutcome.Error);
        scored.Verdicts["accuracy/countdown"].Reason.ShouldContain("nums");
        scored.Total.ShouldBe(1, "the other reward still counts");
    }

    [Fact]
    public void Metrics_DroppedSamples_CountInNoMeanButInTheirOwnFigures()
    {
        var scores = new[]
        {
            Scored(1, RewardOutcome.Scored, dropped: false), Scored(0, RewardOutcome.Unparsable, dropped: false),
            Scored(0, RewardOutcome.Error, dropped: true), Scored(0, RewardOutcome.Timeout, dropped: true),
        };
        var metrics = RolloutMetrics.Of([.. scores.Select((score, i) => Row(0, (float)score.Total, score.Dropped))], scores, ["", "", "", ""]);
        metrics[MetricNames.RewardMean].ShouldBe(0.5);
        metrics[MetricNames.Accuracy].ShouldBe(0.5);
        metrics["rewards/accuracy/x/mean"].ShouldBe(0.5);
        metrics[MetricNames.DroppedRatio].ShouldBe(0.5);
        foreach (var outcome in new[] { "scored", "unparsable", "timeout", "error" }) metrics[$"rewards/accuracy/x/{outcome}"].ShouldBe(0.25, outcome);
    }

    [Fact]
    public void Metrics_AllDropped_HaveNoRewardRatherThanZero()
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
        Question = question, Prompt = [1], Completion = [2, 3], LogProbs = [-1, -1], PolicyLogProbs = [-1, -1], Reward = reward, Truncated = false, Dropped = dropped,
    };
}
