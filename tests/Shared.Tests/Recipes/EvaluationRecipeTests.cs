using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class EvaluationRecipeTests
{
    private const string Short =
        "\"evaluation\": { \"task\": \"add\", \"problems\": 100, \"samples\": 4, \"sampling\": { \"temperature\": 0.6, \"maxNewTokens\": "
        + "40 } },";

    [Fact]
    public void All_ShortForm_IsOneBenchmarkNamedByItsTask()
    {
        var evaluation = RecipeLoader.Parse(RecipeSamples.Good, "x").Recipe.Evaluation!;
        var (name, benchmark) = evaluation.All().ShouldHaveSingleItem();
        (name, benchmark.Task, benchmark.Problems, benchmark.Samples).ShouldBe(("add", "add", 100, 4));
        evaluation.OfCurve().Key.ShouldBe("add");
    }

    [Fact]
    public void Load_Benchmarks_HaveWhatTheEvaluationSaysUnlessTheySayOtherwise()
    {
        var loaded = RecipeLoader.Parse(With("""
            "evaluation": {
              "samples": 8, "sampling": { "temperature": 0.7, "maxNewTokens": 30 }, "rewards": { "accuracy/math": 1 }, "curve": "few",
              "benchmarks": { "add": { "problems": 50 }, "few": { "task": "add", "problems": 5, "samples": 64, "sampling": { "maxNewTokens": 20 }, "rewards": { "accuracy/exact": 1 } } }
            },
            """), "x");
        var (first, second) = (loaded.Recipe.Evaluation!.All()[0].Value, loaded.Recipe.Evaluation.All()[1].Value);
        (first.Task, first.Problems, first.Samples, first.Sampling)
            .ShouldBe(("add", 50, 8, new SamplingRecipe { Temperature = 0.7, TopP = 0.95, MaxNewTokens = 30 }));
        (second.Task, second.Problems, second.Samples, second.Sampling)
            .ShouldBe(("add", 5, 64, new SamplingRecipe { Temperature = 0.7, TopP = 0.95, MaxNewTokens = 20 }));
        first.Rewards.Keys.ShouldBe(["accuracy/math"]);
        second.Rewards.Keys.ShouldBe(["accuracy/exact"]);
        loaded.Recipe.Evaluation.OfCurve().Key.ShouldBe("few");
        RecipeLoader.Parse(loaded.ResolvedJson, "again").Hash.ShouldBe(loaded.Hash);
    }

    [Theory]
    [InlineData("\"problems\": 5", "evaluation.task", "\"task\" is missing")]
    [InlineData("\"task\": \"add\", \"benchmarks\": { \"a\": { \"task\": \"add\" } }", "evaluation.task", "\"add\" is not allowed")]
    [InlineData("\"benchmarks\": { \"sums\": {} }", "evaluation.benchmarks.sums.task", "\"sums\", the default, is not allowed")]
    [InlineData("\"benchmarks\": { \"add\": { \"problems\": 5000 } }", "evaluation.benchmarks.add.problems", "5000 is not allowed")]
    [InlineData("\"problems\": 5000, \"benchmarks\": { \"add\": {} }", "evaluation.benchmarks.add.problems", "5000 is not allowed")]
    [InlineData("\"curve\": \"ad\", \"benchmarks\": { \"add\": {} }", "evaluation.curve", "did you mean \"add\"?")]
    [InlineData("\"benchmarks\": { \"add\": { \"rewards\": { \"accuracy/exakt\": 1 } } }",
        "evaluation.benchmarks.add.rewards.accuracy/exakt", "did you mean")]
    public void Load_BadEvaluation_NamesTheField(string evaluation, string path, string message)
    {
        var problems = RecipeSamples.Fails(With($"\"evaluation\": {{ {evaluation} }},")).Problems;
        problems.ShouldContain(problem => problem.Path == path && problem.Message.Contains(message), string.Join('\n', problems));
    }

    [Fact]
    public void Load_EvaluationThatNothingJudges_IsAProblem()
    {
        var json = """
            { "name": "a", "tasks": { "add": { "kind": "arithmetic" } }, "stages": { "base": { "kind": "pretrain", "task": "add" } }, "evaluation": { "task": "add" } }
            """;
        RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Path.ShouldBe("evaluation.rewards");
        RecipeLoader.Parse(json.Replace("\"evaluation\": { ", "\"evaluation\": { \"rewards\": { \"accuracy/exact\": 1 }, "), "x")
            .Recipe.Evaluation!.Rewards.Count.ShouldBe(1);
    }

    private static string With(string evaluation) => RecipeSamples.Good.Replace(Short, evaluation);
}
