using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Tests;

public sealed class RewardFunctionsTests
{
    [Theory]
    [InlineData("<think>1+1=2</think><answer>2</answer>", 1)]
    [InlineData("<think></think><answer></answer>", 1)]
    [InlineData(" <think>a</think>\n<answer>2</answer>\n", 1)]
    [InlineData("<think>a</think>so<answer>2</answer>", 0)]
    [InlineData("x<think>a</think><answer>2</answer>", 0)]
    [InlineData("<think>a</think><answer>2</answer>x", 0)]
    [InlineData("<answer>2</answer><think>a</think>", 0)]
    [InlineData("<think>a<answer>2</answer>", 0)]
    [InlineData("<think>a</think><think>b</think><answer>2</answer>", 0)]
    [InlineData("<think>a<answer>1</answer></think><answer>2</answer>", 0)]
    [InlineData("<think><answer>2</think></answer>", 0)]
    [InlineData("", 0)]
    public void Format_Text_ScoresTheForm(string text, double expected) =>
        RewardFunctions.Get("format/think-answer")(new Completion(text, "2", Finished: true)).Score.ShouldBe(expected);

    [Fact]
    public void Format_CutOff_ScoresNothing() =>
        RewardFunctions.Get("format/think-answer")(new Completion("<think></think><answer>2</answer>", "2", Finished: false))
            .Score.ShouldBe(0);

    [Theory]
    [InlineData("<answer>140</answer>", true, 1, RewardOutcome.Scored)]
    [InlineData("<answer> 140 </answer>", true, 1, RewardOutcome.Scored)]
    [InlineData("<answer>1</answer><answer>140</answer>", true, 1, RewardOutcome.Scored)]
    [InlineData("<answer>141</answer>", true, 0, RewardOutcome.Scored)]
    [InlineData("140", true, 0, RewardOutcome.Unparsable)]
    [InlineData("<answer>140", true, 0, RewardOutcome.Unparsable)]
    [InlineData("<answer>140</answer>", false, 0, RewardOutcome.Unparsable)]
    public void Accuracy_Text_ScoresTheLastAnswer(string text, bool finished, double expected, object outcome)
    {
        var reward = RewardFunctions.Get("accuracy/exact")(new Completion(text, "140", finished));
        (reward.Score, reward.Outcome).ShouldBe((expected, (RewardOutcome)outcome));
        reward.Reason.ShouldNotBeEmpty();
    }

    [Fact]
    public void Get_UnknownName_ListsTheKnown() =>
        Should.Throw<BadInputException>(() => RewardFunctions.Get("accuracy")).Message.ShouldContain("accuracy/exact");
}
