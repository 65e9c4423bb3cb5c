using System.Text.Json;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests;

public sealed class AccuracyRewardsTests
{
    [Theory]
    [InlineData("<answer>(1+2)*3</answer>", 1)]
    [InlineData("<answer>3*(1+2) = 9</answer>", 1)]
    [InlineData("<answer>3 × (2 + 1)</answer>", 1)]
    [InlineData("<answer>3/(1/2)+1</answer>", 0)] // 7, and 1 twice
    [InlineData("<answer>9</answer>", 0)]
    [InlineData("<answer>3*3</answer>", 0)]
    [InlineData("<answer>1+2+3</answer>", 0)] // the right numbers, not the target
    [InlineData("<answer>3*(1+2</answer>", 0)]
    [InlineData("<answer>__import__('os')</answer>", 0)]
    [InlineData("<answer>3/(2-1-1)</answer>", 0)]
    [InlineData("(1+2)*3", 0)]
    public void Countdown_Expression_UsesEachNumberOnceAndReachesTheTarget(string text, double expected) =>
        Score("accuracy/countdown", text, "9", """{"nums":[1,2,3],"target":9}""").Score.ShouldBe(expected);

    [Fact]
    public void Countdown_Quotients_AreExact() => // 8 / (3 − 8/3) = 24: floating point gives 23.999…
        Score("accuracy/countdown", "<answer>8/(3-8/3)</answer>", "", """{"nums":[3,3,8,8],"target":24}""").Score.ShouldBe(1);

    [Theory]
    [InlineData("3*4 = 12", 1)]
    [InlineData("12 = 3*4", 1)]
    [InlineData("3*4 = 13", 0)]
    [InlineData("3+4 = 12", 0)] // the right side is the target, but not the left one
    [InlineData("3*4 = 24/3", 0)]
    [InlineData("3 \\times 4", 1)]
    [InlineData("3 \\cdot 4 = 12", 1)]
    [InlineData("\\(3 \\times 4\\)", 1)]
    [InlineData("３×４", 1)]
    [InlineData("[3*4]", 1)]
    [InlineData("\\boxed{3*4}", 1)]
    [InlineData("3*4 = 12 = 12", 0)]
    [InlineData("3 x 4 = 12.0", 1)]
    [InlineData("3*4 = 12.5", 0)]
    public void Countdown_OtherNotationAndSides_AreReadAndMustBeTrue(string answer, double expected) =>
        Score("accuracy/countdown", $"<answer>{answer}</answer>", "", """{"nums":[3,4],"target":12}""").Score.ShouldBe(expected, answer);

    [Fact]
    public void Countdown_FractionInLatex_IsAQuotient() =>
        Score("accuracy/countdown", "<answer>\\frac{3\\times 4}{2}</answer>", "", """{"nums":[3,4,2],"target":6}""").Score.ShouldBe(1);

    [Theory]
    [InlineData("accuracy/exact", "<answer> </answer>")]
    [InlineData("accuracy/math", "\\boxed{}")]
    [InlineData("accuracy/regex", "<answer></answer>")]
    [InlineData("accuracy/multiple-choice", "<answer> </answer>")]
    public void Score_BlankRightAnswer_IsAnErrorAndNeverAMatch(string reward, string text)
    {
        foreach (var gold in new[] { "", " ", "\n" }) Score(reward, text, gold).Outcome.ShouldBe(RewardOutcome.Error);
    }

    [Fact]
    public void Countdown_Options_AllowLeavingNumbersOutAndRewardForm()
    {
        Score("accuracy/countdown", "<answer>2*3</answer>", "", """{"nums":[1,2,3],"target":6}""").Score.ShouldBe(0);
        Score("accuracy/countdown", "<answer>2*3</answer>", "", """{"nums":[1,2,3],"target":6}""", """{"useAll":false}""")
            .Score.ShouldBe(1);
        Score("accuracy/countdown", "<answer>1+2+3</answer>", "", """{"nums":[1,2,3],"target":9}""", """{"formScore":0.1}""")
            .Score.ShouldBe(0.1);
    }

    [Fact]
    public void Countdown_HostileText_IsUnparsableAndQuick()
    {
        foreach (var text in new[] { new string('(', 900), new string('-', 900) + "1", new string('9', 900),
            string.Join('*', Enumerable.Repeat("999999999999999999", 50)) })
            ProcessorTime.Of(() =>
                Score("accuracy/countdown", $"<answer>{text}</answer>", "", """{"nums":[1],"target":1}""").Score.ShouldBe(0))
                .ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Countdown_RowWithoutNumbers_IsAnErrorNotAZero() =>
        Score("accuracy/countdown", "<answer>1</answer>", "1").Outcome.ShouldBe(RewardOutcome.Error);

    [Theory]
    [InlineData("<answer>B</answer>", 1)]
    [InlineData("<answer>(b)</answer>", 1)]
    [InlineData("<answer>B) blue</answer>", 1)]
    [InlineData("<answer>B) red</answer>", 0)] // contradicts itself
    [InlineData("<answer>Blue.</answer>", 1)]
    [InlineData("<answer>\\boxed{\\text{B}}</answer>", 1)]
    [InlineData("<answer>The answer is B, clearly.</answer>", 1)]
    [InlineData("<think>A?</think>So \\boxed{B}", 1)]
    [InlineData("First I thought the answer is A. No: the answer is (B).", 1)]
    [InlineData("The correct option: **C**", 0)]
    [InlineData("所以答案是B。", 1)]
    [InlineData("It follows.\nB.", 1)]
    [InlineData("<think>the answer is B", 0)]
    [InlineData("<answer>E</answer>", 0)]
    [InlineData("no idea", 0)]
    public void MultipleChoice_Text_IsTheChoiceItSettlesOn(string text, double expected) =>
        Score("accuracy/multiple-choice", text, "B", """{"choices":["red","blue","green","grey"]}""").Score.ShouldBe(expected);

    [Fact]
    public void MultipleChoice_GoldAsText_IsFoundAmongTheChoices()
    {
        Score("accuracy/multiple-choice", "<answer>C</answer>", "green", """{"choices":["red","blue","green"]}""").Score.ShouldBe(1);
        Score("accuracy/multiple-choice", "<answer>C</answer>", "pink", """{"choices":["red","blue","green"]}""")
            .Outcome.ShouldBe(RewardOutcome.Error);
        Score("accuracy/multiple-choice", "nothing", "A").Outcome.ShouldBe(RewardOutcome.Unparsable);
    }

    [Theory]
    [InlineData("""{"pattern":"^[0-9]+$"}""", "<answer>42</answer>", 1)]
    [InlineData("""{"pattern":"^[0-9]+$"}""", "<answer>x</answer>", 0)]
    [InlineData("""{"pattern":"total: (?<answer>\\d+)","part":"whole"}""", "the total: 42.", 1)]
    [InlineData("""{"pattern":"total: (?<answer>\\d+)","part":"whole"}""", "the total: 41.", 0)]
    [InlineData("""{"pattern":"YES","ignoreCase":true,"part":"after-thinking"}""", "<think>no</think>yes", 1)]
    [InlineData("{}", "<answer>42</answer>", 1)] // the row's answer is the expression
    public void Regex_Text_MatchesOrNot(string options, string text, double expected) =>
        Score("accuracy/regex", text, "42", options: options).Score.ShouldBe(expected);

    [Fact]
    public void Regex_ExpressionThatBacktracks_IsRefusedOrLinear()
    {
        Should.Throw<BadInputException>(() => Score("accuracy/regex", "x", "", options: """{"pattern":"(a)\\1"}"""))
            .Message.ShouldMatch("accuracy/regex.*options\\.pattern.*back-references");
        ProcessorTime.Of(() =>
            Score("accuracy/regex", $"<answer>{new string('a', 50_000)}b</answer>", "", options: """{"pattern":"^(a+)+$"}""")
            .Score.ShouldBe(0)).ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("{}", "<answer>New  York</answer>", 0)]
    [InlineData("""{"collapseSpace":true}""", "<answer>New  York</answer>", 1)]
    [InlineData("""{"collapseSpace":true,"ignoreCase":true}""", "<answer>new\nyork</answer>", 1)]
    [InlineData("""{"part":"after-thinking"}""", "<think>x</think> New York", 1)]
    public void Exact_Options_SayWhatIsTheSame(string options, string text, double expected) =>
        Score("accuracy/exact", text, "New York", options: options).Score.ShouldBe(expected);

    internal static Reward Score(string reward, string text, string answer, string fields = "{}", string options = "{}") =>
        RewardFunctions.Create(reward, JsonSerializer.Deserialize<JsonElement>(options))(new Completion(text, answer, Finished: true)
        {
            Fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(fields)!,
        });
}
