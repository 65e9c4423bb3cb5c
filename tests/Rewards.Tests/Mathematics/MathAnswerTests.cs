using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Tests.Mathematics;

public sealed class MathAnswerTests
{
    public static TheoryData<string> Features => [.. AnswerCases.All.Select(row => row.Feature).Distinct()];

    [Theory]
    [MemberData(nameof(Features))]
    public void Judge_Feature_TellsRightFromWrong(string feature)
    {
        var failures = new List<string>();
        foreach (var row in AnswerCases.All.Where(row => row.Feature == feature))
        {
            foreach (var (text, expected) in row.Right.Select(text => (text, true)).Concat((row.Wrong ?? []).Select(text => (text, false))))
            {
                var verdict = MathAnswer.Judge(row.Gold, text, MathOptions.Default);
                if (verdict.Correct != expected || verdict.Outcome is RewardOutcome.Error or RewardOutcome.Timeout)
                    failures.Add($"{row.Gold} | {text}: {verdict}");
            }
        }
        failures.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("so it is \\boxed{5}", "\\boxed{5}", true, 1, RewardOutcome.Scored)]
    [InlineData("so it is \\boxed{6}", "5", true, 0, RewardOutcome.Scored)]
    [InlineData("so it is \\boxed{5}", "5", false, 0, RewardOutcome.Unparsable)]
    [InlineData("", "5", true, 0, RewardOutcome.Unparsable)]
    [InlineData("<think>it is \\boxed{5}", "5", true, 0, RewardOutcome.Unparsable)]
    [InlineData("<think>\\boxed{4}</think> \\boxed{5}", "5", true, 1, RewardOutcome.Scored)]
    [InlineData("<think>\\boxed{5}</think> The answer is 5.", "5", true, 0, RewardOutcome.Unparsable)]
    public void Score_Completion_CountsTheMarkedAnswer(string text, string answer, bool finished, double score, object outcome)
    {
        var reward = RewardFunctions.Get("accuracy/math")(new Completion(text, answer, finished));
        (reward.Score, reward.Outcome).ShouldBe((score, (RewardOutcome)outcome));
        reward.Reason.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("x \\boxed{1} so \\boxed{\\frac{a}{\\sqrt{b}}} z", "\\frac{a}{\\sqrt{b}}")]
    [InlineData("\\boxed{1} and \\boxed{2}", "1, 2")]
    [InlineData("\\boxed{1}. Later: \\boxed{2}", "2")]
    [InlineData("\\boxed{3} then \\boxed{4 unclosed", null)]
    [InlineData("<answer>7</answer> \\boxed{8}", "7")]
    [InlineData("The answer is $12$ because 3 times 4 is it", "12")]
    [InlineData("First 3, then 5 apples are left.", "5")]
    public void Judge_Text_ExtractsTheFinalAnswer(string text, string? expected) =>
        MathAnswer.Judge("0", text, MathOptions.Default).Extracted.ShouldBe(expected);

    [Fact]
    public void Judge_SourcesOption_LooksNowhereElse()
    {
        var options = MathOptions.Default with { Sources = [AnswerSource.Boxed] };
        MathAnswer.Judge("5", "The answer is 5", options).Outcome.ShouldBe(RewardOutcome.Unparsable);
        MathAnswer.Judge("5", "<answer>4</answer> \\boxed{5}", options).Correct.ShouldBeTrue();
        MathAnswer.Judge("5", "\\boxed{4} <answer>5</answer>", options with { Sources = [AnswerSource.AnswerTag, AnswerSource.Boxed] })
            .Correct.ShouldBeTrue();
    }

    [Fact]
    public void Judge_MarkedAfterThinkingOff_TakesAPhrase() =>
        MathAnswer.Judge("5", "<think>hm</think> The answer is 5.", MathOptions.Default with { MarkedAfterThinking = false })
            .Correct.ShouldBeTrue();

    [Fact]
    public void Judge_PercentPolicies_DifferAsDocumented()
    {
        bool Same(string gold, string pred, PercentPolicy policy) =>
            MathAnswer.Judge(gold, pred, MathOptions.Default with { Percent = policy }).Correct;
        Same("10%", "10", PercentPolicy.Either).ShouldBeTrue();
        Same("10%", "10", PercentPolicy.Hundredth).ShouldBeFalse();
        Same("10%", "0.1", PercentPolicy.Hundredth).ShouldBeTrue();
        Same("0.1", "10", PercentPolicy.Either).ShouldBeFalse();
        Same("0.1", "10", PercentPolicy.AnyScale).ShouldBeTrue();
        Same("0.1", "11", PercentPolicy.AnyScale).ShouldBeFalse();
    }

    [Fact]
    public void Judge_Tolerances_DecideAboutRoundedNumbers()
    {
        bool Same(string gold, string pred, MathOptions options) => MathAnswer.Judge(gold, pred, options).Correct;
        Same("1/3", "0.33", MathOptions.Default).ShouldBeFalse();
        Same("1/3", "0.33", MathOptions.Default with { DecimalPlaces = 2 }).ShouldBeTrue();
        Same("1/3", "0.333", MathOptions.Default with { RelativeTolerance = 0.01 }).ShouldBeTrue();
        Same("1/3", "0.3", MathOptions.Default with { RelativeTolerance = 0.01 }).ShouldBeFalse();
        Same("10^{20}", "10^{20}+1", MathOptions.Default).ShouldBeFalse();
        Same("100", "100.4", MathOptions.Default with { AbsoluteTolerance = 0.5 }).ShouldBeTrue();
        Same("100", "100.6", MathOptions.Default with { AbsoluteTolerance = 0.5 }).ShouldBeFalse();
        Same("100", "101", MathOptions.Default with { AbsoluteTolerance = 0.5, RelativeTolerance = 0.02 }).ShouldBeTrue();
        Same("\\pi", "3.1416", MathOptions.Default with { AbsoluteTolerance = 1e-4 }).ShouldBeTrue();
    }

    [Theory]
    [InlineData("{\"abs_tol\": 5}", "1000", "1004", "1006")]
    [InlineData("{\"absoluteTolerance\": 1, \"relativeTolerance\": 0.01}", "50", "50.9", "52")]
    [InlineData("{\"rel_tol\": 0.01}", "100", "99.1", "98")]
    [InlineData("{\"precision\": 3}", "3.14159", "3.1416", "3.15")]
    [InlineData("{\"include_percentage\": true}", "0.25", "25", "2.5")]
    public void Read_TolerancesOfRows_ReachAsFarAsTheRecipes(string options, string gold, string right, string wrong)
    {
        var read = MathOptionsJson.Read(MathOptions.Default, System.Text.Json.JsonDocument.Parse(options).RootElement);
        MathAnswer.Judge(gold, right, read).Correct.ShouldBeTrue();
        MathAnswer.Judge(gold, wrong, read).Correct.ShouldBeFalse();
    }

    [Fact]
    public void Judge_SetOfRealNumbersInWords_IsTheSet()
    {
        foreach (var (gold, pred) in new[] { ("x \\ne 3", "all real numbers except 3"), ("(0,\\infty)", "all positive real numbers"),
            ("x\\ge0", "\\text{all nonnegative real numbers}"), ("\\mathbb{R}\\setminus\\{1,2\\}", "all real numbers except 1 and 2") })
        {
            MathAnswer.Judge(gold, pred, MathOptions.Default).Correct.ShouldBeTrue(pred);
            MathAnswer.Judge("(5,\\infty)", pred, MathOptions.Default).Correct.ShouldBeFalse(pred);
        }
    }

    [Fact]
    public void Judge_OtherPolicies_DifferAsDocumented()
    {
        bool Same(string gold, string pred, MathOptions options) => MathAnswer.Judge(gold, pred, options).Correct;
        Same("(1, 2)", "1 < x < 2", MathOptions.Default).ShouldBeFalse();
        Same("(1, 2)", "1 < x < 2", MathOptions.Default with { SetAgainstRelation = SetRelationPolicy.Always }).ShouldBeTrue();
        Same("1 < x < 2", "(1, 2)", MathOptions.Default).ShouldBeTrue();
        Same("1 < x < 2", "(1, 2)", MathOptions.Default with { SetAgainstRelation = SetRelationPolicy.Never }).ShouldBeFalse();
        Same("1, 2", "2, 1", MathOptions.Default).ShouldBeTrue();
        Same("1, 2", "2, 1", MathOptions.Default with { ListOrder = true }).ShouldBeFalse();
        Same("5 cm", "5", MathOptions.Default with { RequireUnits = true }).ShouldBeFalse();
        Same("0.5", "0,5", MathOptions.Default).ShouldBeFalse();
        Same("0.5", "0,5", MathOptions.Default with { DecimalComma = true }).ShouldBeTrue();
        Same("101_2", "101", MathOptions.Default with { ImpliedBase = false }).ShouldBeFalse();
        Same("101_2", "5", MathOptions.Default).ShouldBeTrue();
    }

    [Theory]
    [InlineData("B", "I think it is B because A is not", true)]
    [InlineData("B", "(C)", false)]
    [InlineData("D dogs", "the answer is D", true)]
    public void Judge_Choice_ComparesLetters(string gold, string text, bool expected) =>
        MathAnswer.Judge(gold, text, MathOptions.Default with { Kind = AnswerKind.Choice }).Correct.ShouldBe(expected);
}
