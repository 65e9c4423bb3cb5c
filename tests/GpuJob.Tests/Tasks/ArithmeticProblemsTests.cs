using System.Globalization;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Tasks;

public sealed class ArithmeticProblemsTests
{
    private static readonly ArithmeticTask Addition = new() { Digits = 2, HeldOutPercent = 10 };

    public static TheoryData<ArithmeticTask> Kinds => new(
        Addition,
        Addition with { Digits = 1 },
        Addition with { Digits = 5 },
        Addition with { Operation = ArithmeticOperation.Multiply },
        Addition with { Operation = ArithmeticOperation.Multiply, Digits = 3 });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Training_AnyDraw_IsNeverHeldOut(ArithmeticTask recipe)
    {
        var task = new ArithmeticProblems(recipe);
        var training = Enumerable.Range(0, 5000).Select(i => task.Training(Seeds.Derive(1, "draw", i))).ToList();
        training.ShouldAllBe(problem => !task.IsHeldOut(problem));
        var held = task.HeldOut(5).Select(problem => problem.Id).ToHashSet();
        training.ShouldAllBe(problem => !held.Contains(problem.Id));
    }

    [Fact]
    public void HeldOut_CommutedTwin_IsHeldOutToo()
    {
        var task = new ArithmeticProblems(Addition);
        foreach (var problem in task.HeldOut(500))
        {
            var operands = problem.Id.Split('+');
            task.IsHeldOut(new Problem($"{operands[1]}+{operands[0]}", "", "")).ShouldBeTrue(problem.Id);
        }
    }

    [Fact]
    public void HeldOut_Twice_IsTheSameAndDistinct()
    {
        var first = new ArithmeticProblems(Addition).HeldOut(512);
        new ArithmeticProblems(Addition).HeldOut(512).ShouldBe(first);
        first.Select(problem => problem.Id).Distinct().Count().ShouldBe(512);
    }

    [Fact]
    public void HeldOut_MoreThanThereAre_SaysHowMany() =>
        Should.Throw<BadInputException>(() => new ArithmeticProblems(Addition).HeldOut(9000))
            .Message.ShouldContain("9000 held-out problems asked for");

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WorkedExample_WithoutNoise_EndsInTheAnswer(ArithmeticTask recipe)
    {
        var task = new ArithmeticProblems(recipe);
        var mix = new CorpusMix { Tagged = 1, Guesses = 0, StepNoise = 0 };
        for (var i = 0; i < 500; i++)
        {
            var problem = task.Training(Seeds.Derive(2, "draw", i));
            var text = task.WorkedExample(problem, mix, new SeededRandom((ulong)i));
            var completion = new Completion(text, problem.Answer, Finished: true);
            RewardFunctions.Get("accuracy/exact")(completion).Score.ShouldBe(1, $"{problem.Prompt}{text}");
            ThinkAnswerFormat.Score(completion).Score.ShouldBe(1, text);
            text.ShouldAllBe(c => "<>/thinkaswer".Contains(c) || task.Alphabet.Contains(c));
        }
    }

    [Fact]
    public void WorkedExample_Mix_HasTheSharesAskedFor()
    {
        var task = new ArithmeticProblems(Addition);
        var mix = new CorpusMix { Tagged = 0.15, Guesses = 0.30 };
        var random = new SeededRandom(5);
        var examples = Enumerable.Range(0, 4000).Select(i => task.WorkedExample(task.Training((ulong)i), mix, random)).ToList();
        (examples.Count(text =>
            text.StartsWith("<think>", StringComparison.Ordinal) && text.Contains("</think><answer>", StringComparison.Ordinal)) / 4000.0)
            .ShouldBe(0.15, 0.02);
        // two of the six untagged styles show no steps
        (examples.Count(text => text.Contains('+')) / 4000.0).ShouldBe(0.70 * (1 - 0.85 * 2 / 6), 0.03);
    }

    [Fact]
    public void Training_SameSeed_IsTheSameProblem()
    {
        var task = new ArithmeticProblems(Addition);
        task.Training(42).ShouldBe(new ArithmeticProblems(Addition).Training(42));
        int.Parse(task.Training(42).Answer, CultureInfo.InvariantCulture).ShouldBeInRange(0, 198);
    }
}
