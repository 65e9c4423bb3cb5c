using System.Text.Json;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Tests;

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
        var recipe = new Dictionary<string, RewardRecipe> {
            ["length/overlong"] = new() { Options = JsonSerializer.Deserialize<JsonElement>("""{"bufer":1}""") } };
        Should.Throw<BadInputException>(() => new RewardSum(recipe)).Message.ShouldMatch("length/overlong.*options\\.bufer.*bufferTokens");
    }

    [Theory]
    [InlineData(RewardErrorPolicy.Drop, true)]
    [InlineData(RewardErrorPolicy.ScoreZero, false)]
    public void Score_VerifierThatFails_FollowsThePolicyAndSaysSo(RewardErrorPolicy policy, bool dropped)
    {
        var sum = new RewardSum(
            new Dictionary<string, RewardRecipe> { ["accuracy/countdown"] = new() { OnError = policy }, ["format/think-answer"] = 1 });
        var scored = sum.Score(Unjudgeable);
        scored.Dropped.ShouldBe(dropped);
        scored.Verdicts["accuracy/countdown"].Outcome.ShouldBe(RewardOutcome.Error);
        scored.Verdicts["accuracy/countdown"].Reason.ShouldContain("nums");
        scored.Total.ShouldBe(1, "the other reward still counts");
    }
}
