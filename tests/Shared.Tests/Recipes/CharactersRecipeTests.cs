using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>What a pretrained model cannot read is found before a run: its vocabulary has the characters of its tasks alone.</summary>
public sealed class CharactersRecipeTests
{
    private const string Collect = """
        "cold": { "kind": "collect", "from": "both", "task": "words", "questions": 20, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } }
        """;

    private const string Helpful =
        """ "helpful": { "kind": "reward-model", "from": "both", "task": "general", "rows": 50, "heldOut": 10 }""";

    [Theory]
    [InlineData(""" "x": { "kind": "rl", "from": "both", "task": "words", "questions": 8, "rewards": { "accuracy/exact": 1 } }""")]
    // asked with the same words
    [InlineData(""" "x": { "kind": "rl", "from": "both", "task": "longer", "questions": 8, "rewards": { "accuracy/exact": 1 } }""")]
    [InlineData(Collect + """, "x": { "kind": "sft", "from": "both", "data": ["cold"] }""")]
    [InlineData(Collect + """, "x": { "kind": "distill", "data": ["cold"], "students": { "half": { "from": "both" } } }""")]
    [InlineData(Helpful
        + """, "x": { "kind": "rl", "from": "both", "task": "general", "questions": 8, "rewards": { "helpful/model": { "options": { "stage": "helpful" } } } }""")]
    public void Load_KnownCharacters_AreGood(string stages) =>
        RecipeLoader.Parse(With(stages), "good.json").Recipe.Stages.Keys.ShouldContain("both");

    [Theory]
    [InlineData(""" "x": { "kind": "rl", "from": "base", "task": "words", "questions": 8, "rewards": { "accuracy/exact": 1 } }""",
        "stages.x.task", "stage base is pretrained on add and never saw \" efghilnoprs")]
    [InlineData(
        """ "x": { "kind": "rl", "from": "zero", "questions": 8, "sources": { "a": { "task": "add", "rewards": { "accuracy/exact": 1 } }, "b": { "task": "words", "rewards": { "accuracy/exact": 1 } } } }""", "stages.x.sources.b.task", "name words in its tasks too")]
    [InlineData(
        """ "x": { "kind": "collect", "from": "zero", "task": "words", "questions": 8, "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } }""", "stages.x.task", "never saw")]
    [InlineData(""" "x": { "kind": "evaluate", "from": "zero", "evaluation": { "task": "words", "problems": 10 } }""",
        "stages.x.evaluation.task", "never saw")]
    [InlineData(""" "x": { "kind": "reward-model", "from": "base", "task": "general", "rows": 50, "heldOut": 10 }""", "stages.x.task",
        "name general in its tasks too")]
    [InlineData(Collect + """, "x": { "kind": "sft", "from": "base", "data": ["cold"] }""", "stages.x.data[0]",
        "which the rows of cold may hold")]
    [InlineData(Collect
        + """, "x": { "kind": "distill", "data": ["cold"], "students": { "half": { "from": "both" }, "tiny": { "from": "base" } } }""",
        "stages.x.students.tiny.from", "a model that can read the data: stage base")]
    [InlineData(Helpful
        + """, "x": { "kind": "pretrain", "tasks": { "add": 1, "zh": 1 }, "model": { "maxPositions": 128 } }, "y": { "kind": "rl", "from": "x", "task": "zh", "questions": 8, "rewards": { "helpful/model": { "options": { "stage": "helpful" } } } }""", "stages.y.rewards.helpful/model.options.stage", "which answers to zh may hold")]
    public void Load_UnknownCharacters_AreNamedWithTheStageThatNeverSawThem(string stages, string path, string allowed)
    {
        var problem = RecipeSamples.Fails(With(stages)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe(path);
        problem.Allowed.ShouldContain(allowed);
    }

    [Fact]
    public void Load_EvaluationAfterEveryStage_IsAskedOfEveryModel()
    {
        var json = With(Helpful)
            .Replace("\"evaluation\": { \"task\": \"add\", \"problems\": 100, \"samples\": 4",
                "\"evaluation\": { \"task\": \"words\", \"problems\": 10, \"samples\": 4", StringComparison.Ordinal);
        RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Path.ShouldBe("evaluation.task");
    }

    [Fact]
    public void Load_EvaluationInAnotherForm_IsRefusedForAPretrainedModel()
    {
        var json = RecipeSamples.Good.Replace("\"samples\": 4,", "\"samples\": 4, \"prompt\": { \"template\": \"chat\" },",
            StringComparison.Ordinal);
        RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Path.ShouldBe("evaluation.prompt.template");
    }

    [Fact]
    public void Of_Texts_GivesEachCharacterOnceWithoutTags() =>
        TextCharacters.Of(["<think>b</think>", "<answer>ab</answer>", "a<b"]).ShouldBe("<ab");

    private static string With(string stages) => RecipeSamples.Good
        .Replace("\"tasks\": {",
            """ "tasks": { "words": { "kind": "number-words", "languages": ["en"], "terms": 2 }, "longer": { "kind": "number-words", "languages": ["en"], "terms": 3 }, "zh": { "kind": "number-words", "languages": ["zh"] }, "general": { "kind": "requests" },""", StringComparison.Ordinal)
        .Replace("\"problems\": 100 } }\n", $$"""
            "problems": 100 } }, "both": { "kind": "pretrain", "tasks": { "add": 1, "words": 1, "general": 1 }, "model": { "maxPositions": 128 } }, {{stages}}

            """, StringComparison.Ordinal);
}
