using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Settings without effect of stages that make data, learn from it and hand it on.</summary>
public sealed class SettingsOfChainsTests
{
    private const string Chain = """
        {
          "name": "chain", "tasks": { "add": { "kind": "arithmetic" } },
          "stages": {
            "base": { "kind": "pretrain", "task": "add", "model": { "maxPositions": 96 } },
            "cold": { "kind": "collect", "from": "base", "task": "add", "questions": 8, "sampling": { "maxNewTokens": 40 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } },
            "more": { "kind": "rejection-sample", "from": "base", "task": "add", "questions": 8, "sampling": { "maxNewTokens": 40 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 } },
            "tuned": { "kind": "sft", "from": "base", "data": ["cold"] },
            "rl": { "kind": "rl", "from": "base", "iterations": 4, "questions": 4, "groupSize": 4, "miniBatches": 2,
              "sampling": { "maxNewTokens": 40 }, "sources": { "sums": { "task": "add", "rewards": { "accuracy/exact": 1 } } } },
            "small": { "kind": "distill", "data": ["cold"], "students": { "one": { "from": "base" }, "two": { "from": "tuned" } } },
            "taught": { "kind": "distill", "mode": "on-policy", "students": { "one": { "from": "base" } },
              "onPolicy": { "teacher": { "from": "tuned" }, "task": "add", "sampling": { "maxNewTokens": 40 } } }
          }
        }
        """;

    [Theory]
    [InlineData("stages.tuned.proportions", """{ "cold": 3 }""", "stages.tuned.proportions", "one source")]
    [InlineData("stages.small.proportions", """{ "cold": 3 }""", "stages.small.proportions", "one source")]
    [InlineData("stages.cold.rewards", """{ "accuracy/exact": 0.5 }""", "stages.cold.rewards.accuracy/exact", "weights have no part")]
    [InlineData("stages.more.rewards", """{ "accuracy/exact": { "weight": 3 } }""", "stages.more.rewards.accuracy/exact.weight",
        "weights have no part")]
    [InlineData("stages.rl.sources.sums.share", "3", "stages.rl.sources.sums.share", "the only source")]
    [InlineData("stages.small.epochs", "7", "stages.small.epochs", "every student has its own", "stages.small.students",
        """{ "one": { "from": "base", "epochs": 1 }, "two": { "from": "base", "epochs": 3 } }""")]
    [InlineData("stages.small.batchSize", "7", "stages.small.batchSize", "every student has its own", "stages.small.students",
        """{ "one": { "from": "base", "batchSize": 8 } }""")]
    [InlineData("stages.small.microBatchSize", "7", "stages.small.microBatchSize", "every student has its own", "stages.small.students",
        """{ "one": { "from": "base", "microBatchSize": 8 } }""")]
    [InlineData("stages.small.optimizer", """{ "learningRate": 0.5 }""", "stages.small.optimizer", "every student has its own",
        "stages.small.students", """{ "one": { "from": "base", "optimizer": { "learningRate": 0.1 } } }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "advantageScale": "batch" }""", "stages.taught.onPolicy.loss.advantageScale",
        "no rewards")]
    [InlineData("stages.taught.onPolicy.loss", """{ "advantageBaseline": "leave-one-out" }""",
        "stages.taught.onPolicy.loss.advantageBaseline", "no rewards")]
    [InlineData("stages.taught.onPolicy.loss", """{ "clipHigh": 0.4 }""", "stages.taught.onPolicy.loss.clipHigh", "advantages are 0",
        "stages.taught.onPolicy.teacher", """{ "from": "tuned", "loss": "jsd" }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "name": "dapo" }""", "stages.taught.onPolicy.loss.name", "advantages are 0",
        "stages.taught.onPolicy.teacher", """{ "from": "tuned", "loss": "jsd" }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "oldLogProbs": "recomputed", "clipHigh": 0.4 }""",
        "stages.taught.onPolicy.loss.clipHigh", "the ratio is 1")]
    [InlineData("stages.taught.onPolicy.microBatchTokens", "64", "stages.taught.students.one.microBatchSize", "microBatchTokens",
        "stages.taught.students.one.microBatchSize", "4")]
    [InlineData("stages.taught.epochs", "3", "stages.taught.epochs", "as onPolicy says")]
    [InlineData("stages.taught.saveEvery", "3", "stages.taught.saveEvery", "is saved")]
    public void Parse_SettingWithoutEffect_IsRefused(string path, string value, string field, string because, params string[] beside)
    {
        var problem = RecipeSamples.Fails(With([path, value, .. beside])).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe(field);
        problem.Message.ShouldContain("has no effect: ");
        problem.Message.ShouldContain(because);
    }

    [Theory]
    [InlineData("stages.tuned.data", """["cold", "more"]""", "stages.tuned.proportions", """{ "cold": 3, "more": 1 }""")]
    [InlineData("stages.small.epochs", "7", "stages.small.students.one.epochs", "3")]
    [InlineData("stages.taught.onPolicy.loss", """{ "clipHigh": 0.4 }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "advantageScale": "batch", "name": "dapo", "clipHigh": 0.3 }""",
        "stages.taught.onPolicy.rewards", """{ "accuracy/exact": 1 }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "klWeight": 0.1, "aggregation": "sequence-mean" }""",
        "stages.taught.onPolicy.teacher", """{ "from": "tuned", "loss": "jsd" }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "klWeight": 0.1, "klInReward": true, "advantageScale": "batch-tokens" }""")]
    [InlineData("stages.taught.onPolicy.loss", """{ "oldLogProbs": "recomputed", "clipHigh": 0.4 }""",
        "stages.taught.onPolicy.miniBatches", "2")]
    [InlineData("stages.rl.loss", """{ "dropEqualGroups": true }""")]
    public void Parse_SettingThatIsRead_IsTaken(params string[] changes)
    {
        var loaded = RecipeLoader.Parse(With(changes), "good.json");
        RecipeLoader.Parse(loaded.ResolvedJson, "resolved.json").Hash.ShouldBe(loaded.Hash);
    }

    /// <summary>All samples of a group earn the same where there is nothing to earn: none would be left.</summary>
    [Fact]
    public void Parse_EqualGroupsLeftOutWithoutRewards_IsRefused() =>
        RecipeSamples.Fails(With("stages.taught.onPolicy.loss", """{ "dropEqualGroups": true }""")).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.taught.onPolicy.loss.dropEqualGroups");

    /// <summary>Of one likely token alone all samples are made, whatever the temperature.</summary>
    [Theory]
    [InlineData("stages.rl.sampling", """{ "topK": 1, "maxNewTokens": 40 }""", "stages.rl.sampling.topK", "no advantage")]
    [InlineData("stages.cold.sampling", """{ "topK": 1, "maxNewTokens": 40 }""", "stages.cold.samples", "1 with topK 1")]
    [InlineData("stages.more.sampling", """{ "temperature": 0, "maxNewTokens": 40 }""", "stages.more.samples", "1 at temperature 0")]
    public void Parse_SamplesThatAreAllTheSame_AreRefused(string path, string value, string field, string allowed)
    {
        var problem = RecipeSamples.Fails(With(path, value)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe(field);
        problem.Allowed.ShouldContain(allowed);
    }

    /// <summary>A weight that is inherited is taken for what it means there: nothing.</summary>
    [Fact]
    public void Parse_InheritedWeight_IsTakenAway()
    {
        var loaded = RecipeLoader.Parse(With("stages.cold.rewards", """{ "accuracy/exact": 0.5, "format/think": { "weight": 2 } }"""),
            "set.json", ["name"]);
        var rewards = ((SampleStage)loaded.Recipe.Stages["cold"]).Rewards;
        (rewards["accuracy/exact"].Weight, rewards["format/think"].Weight).ShouldBe((1, 1));
    }

    private static string With(params string[] changes)
    {
        var recipe = JsonNode.Parse(Chain)!;
        foreach (var change in changes.Chunk(2))
        {
            var names = change[0].Split('.');
            names[..^1].Aggregate(recipe, (node, name) => node[name]!).AsObject()[names[^1]] = JsonNode.Parse(change[1]);
        }
        return recipe.ToJsonString();
    }
}
