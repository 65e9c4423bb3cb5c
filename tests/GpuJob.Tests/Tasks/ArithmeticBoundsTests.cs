using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Tasks;

/// <summary>What a recipe is checked against must be what the task really makes.</summary>
public sealed class ArithmeticBoundsTests
{
    public static MatrixTheoryData<ArithmeticOperation, int> Tasks => new(Enum.GetValues<ArithmeticOperation>(), [1, 2, 3, 6]);

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Measure_Tokens_AreThoseOfTheLongestProblem(ArithmeticOperation operation, int digits)
    {
        var recipe = new ArithmeticTask { Operation = operation, Digits = digits };
        var task = new ArithmeticProblems(recipe);
        var tokenizer = new SymbolTokenizer(task.Alphabet);
        var bounds = ArithmeticSplit.Measure(recipe);
        var mix = new CorpusMix { Tagged = 1, Guesses = 0, StepNoise = 0.5 };
        var longest = 0;
        for (var i = 0; i < 5000; i++)
        {
            var problem = task.Training(Seeds.Derive(1, "draw", i));
            var prompt = 1 + tokenizer.Encode(problem.Prompt).Length;
            prompt.ShouldBe(bounds.PromptTokens);
            longest = Math.Max(longest, prompt + tokenizer.Encode(task.WorkedExample(problem, mix, new SeededRandom((ulong)i))).Length + 1);
        }
        longest.ShouldBeInRange(bounds.ExampleTokens * 8 / 10, bounds.ExampleTokens);
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 10)]
    public void Measure_HeldOut_IsExactlyWhatMayBeAsked(int digits, int percent)
    {
        var recipe = new ArithmeticTask { Digits = digits, HeldOutPercent = percent };
        var held = (int)ArithmeticSplit.Measure(recipe).HeldOut;
        new ArithmeticProblems(recipe).HeldOut(held).Count.ShouldBe(held);
        Should.Throw<BadInputException>(() => new ArithmeticProblems(recipe).HeldOut(held + 1)).Message.ShouldContain($"there are {held}");
    }
}
