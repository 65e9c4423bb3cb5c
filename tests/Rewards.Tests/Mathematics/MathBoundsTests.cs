using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests.Mathematics;

[Collection(nameof(Timing))]
public sealed class MathBoundsTests
{
    [Theory]
    [InlineData("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))")]
    [InlineData("9^{9^{9^{9}}}")]
    [InlineData("(a+b+c+d+e+f+g+h)^{40}(a-b)^{40}")]
    [InlineData("100000!+binom(100000,50000)")]
    [InlineData("\\sum_{k=1}^{400} \\frac{1}{k^{400}}")]
    [InlineData("1e999-1e998")]
    [InlineData("||||||||||||||||||||||||||||||||||||||||||||||||x")]
    [InlineData("(9^{1000}x+7^{900}y+z)^{40}")]
    [InlineData("\\sum_{k=1}^{400} \\sum_{j=1}^{400} \\frac{1}{k+j}")]
    [InlineData("|||||||||x-1|-2|-3|-4|-5|-6|-7|-8|-9|<1")]
    [InlineData("(x+y+z+w+v)^{12}(x-y)^{12}(z-w)^{12}")]
    [InlineData("\\sqrt{1+\\sqrt{2+\\sqrt{3+\\sqrt{5+\\sqrt{7+\\sqrt{11+x}}}}}}^{30}")]
    public void Judge_HeavyInput_StopsInTime(string text)
    {
        foreach (var (gold, pred) in new[] { (text, "1"), ("x", text), (text, text + "+0"),
            (text, text.Replace("1", "2", StringComparison.Ordinal)) })
        {
            var (verdict, seconds) = Timing.Quickest(3, () => MathAnswer.Judge(gold, pred, MathOptions.Default));
            AnswerCases.IsFault(verdict).ShouldBeFalse(verdict.Reason);
            seconds.ShouldBeLessThan(0.05);
        }
    }

    [Theory]
    [InlineData("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1")]
    [InlineData(
        "\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{\\sqrt{2}}}}}}}}}}}}}}}")]
    [InlineData("5%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%")]
    [InlineData("5!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!^2!")]
    [InlineData("(a+b+c+d+e+f+g+h)^{40}(a-b)^{40}")]
    [InlineData("\\sum_{k=1}^{400} \\sum_{j=1}^{400} \\frac{1}{k+j}")]
    public void Judge_AnswerBeyondTheLimits_ScoresZeroAndIsNotDropped(string answer)
    {
        foreach (var text in new[] { answer, $"\\boxed{{{answer}}}", $"The answer is ${answer}$." })
        {
            var verdict = MathAnswer.Judge("42", text, MathOptions.Default);
            verdict.Correct.ShouldBeFalse();
            verdict.Outcome.ShouldBeOneOf(RewardOutcome.Scored, RewardOutcome.Unparsable);
        }
    }

    [Fact]
    public void Judge_StepsSpent_IsUnparsableWhateverTheMachineDoes()
    {
        var options = MathOptions.Default with { MaxSteps = 1000 };
        var heavy = string.Join('+', Enumerable.Repeat("x", 300));
        var first = MathAnswer.Judge("x", heavy, options);
        (first.Correct, first.Outcome).ShouldBe((false, RewardOutcome.Unparsable));
        for (var i = 0; i < 20; i++) MathAnswer.Judge("x", heavy, options).ShouldBe(first);
        MathAnswer.Judge("x", heavy, MathOptions.Default).Outcome.ShouldBe(RewardOutcome.Scored);
    }

    [Fact]
    public void Judge_RightAnswerBeyondTheLimits_IsTheRowsError()
    {
        var deep = new string('(', 200) + "1" + new string(')', 200);
        foreach (var gold in new[] { deep, "\\frac{1", "  ", "\\boxed{}", "$$", ".", new string('7', 1501) })
        {
            MathAnswer.Problem(gold, MathOptions.Default).ShouldNotBeNull(gold);
            MathAnswer.Judge(gold, "5", MathOptions.Default).Outcome.ShouldBe(RewardOutcome.Error, gold);
        }
        foreach (var gold in new[] { "5", "2^{10^9}", "9^{9^9}", "blue", "100000!", "x<3", "\\text{Evelyn}" }) MathAnswer.Problem(gold,
            MathOptions.Default).ShouldBeNull(gold);
    }

    [Fact]
    public void Judge_Throughput_IsThousandsASecondOfProcessorTime()
    {
        var cases = AnswerCases.All.SelectMany(row => row.Right.Concat(row.Wrong ?? []).Select(text => (row.Gold, Text: text))).ToList();
        foreach (var (gold, text) in cases) MathAnswer.Judge(gold, text, MathOptions.Default); // compiled by now
        var time = ProcessorTime.Of(() =>
        {
            foreach (var (gold, text) in cases) MathAnswer.Judge(gold, text, MathOptions.Default);
        });
        (cases.Count / time.TotalSeconds).ShouldBeGreaterThan(2000);
    }

    [Fact]
    public void Judge_ManyParts_StopsInTime()
    {
        string Join(string separator, int count, Func<int, string> part) => string.Join(separator, Enumerable.Range(1, count).Select(part));
        foreach (var (gold, pred) in new[]
        {
            (Join(", ", 280, i => $"{i}"), Join(", ", 280, i => $"{281 - i}")),
            (Join(", ", 100, i => $"\\sqrt{{{i}}}"), Join(", ", 100, i => $"\\sqrt{{{101 - i}}}")),
            (Join("+", 90, i => $"1/{i}^{{400}}"), Join("+", 90, i => $"1/{91 - i}^{{400}}")),
            (Join("+", 90, i => $"9^{{{1000 + i}}}/7^{{{900 + i}}}"), "x"),
            (Join(" \\cup ", 60, i => $"({i},{i}.5)"), Join(" \\cup ", 60, i => $"({61 - i},{61 - i}.5)")),
            (Join("", 120, i => $"(x-{i})"), Join("", 120, i => $"(x-{121 - i})") + "+1"),
            (Join("*", 100, i => $"(x_{{{i}}}+1)"), Join("*", 100, i => $"(1+x_{{{i}}})")),
            (Join("", 100, _ => "\\frac{1}{1+"), Join("", 100, _ => "{") + "1" + Join("", 100, _ => "}")),
            (Join("", 1400, _ => "9"), Join("", 1399, _ => "9") + "8"),
            (Join("", 200, _ => "3^"), Join("", 700, _ => "5!")),
            (Join("", 60, _ => "\\sum_{k=1}^{400}") + "k", Join("", 60, _ => "\\sum_{k=1}^{n}") + "k"),
            ("42", Join("", 60, _ => "\\int_0^1 x") + Join("", 60, _ => "\\,dx")),
        })
        {
            var (verdict, seconds) = Timing.Quickest(3, () => MathAnswer.Judge(gold, pred, MathOptions.Default));
            AnswerCases.IsFault(verdict).ShouldBeFalse(verdict.Reason);
            seconds.ShouldBeLessThan(0.05, $"{gold} | {pred}");
        }
    }

    [Fact]
    public void Judge_VeryLongText_StopsInTime()
    {
        foreach (var piece in new[] { "\\boxed{", "$1+", "1,234 ", "the answer is ", "\\frac{1}{2}+", "word ", "{", "\\[", "<answer>",
            "=", "in 1 ", "1 and ", "if ", "could be 5 or ", "5? ", "1 per x for ", "the answer is foo, bar and baz which is (a) 7x so. " })
        {
            var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
            var (verdict, seconds) = Timing.Quickest(3, () => MathAnswer.Judge("5", text, MathOptions.Default));
            AnswerCases.IsFault(verdict).ShouldBeFalse(verdict.Reason);
            seconds.ShouldBeLessThan(0.05, piece);
        }
    }
}
