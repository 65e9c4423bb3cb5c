using System.Text.Json.Nodes;
using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RecipeLoaderTests
{
    public static TheoryData<BadRecipe> Bad => new(BadRecipes.All);

    [Fact]
    public void Parse_GoodRecipe_FillsTheRecords()
    {
        var recipe = RecipeLoader.Parse(RecipeSamples.Good, "good.json").Recipe;
        recipe.Name.ShouldBe("good");
        recipe.Seed.ShouldBe(7);
        recipe.Tasks["add"].ShouldBe(new ArithmeticTask { Digits = 2 });
        recipe.Stages.Keys.ShouldBe(["base", "zero", "test"]);
        var rl = recipe.Stages["zero"].ShouldBeOfType<RlStage>();
        rl.From.ShouldBe("base");
        rl.Loss.ShouldBe(new PolicyLossRecipe { ClipHigh = 0.28, KlWeight = 0.01 });
        rl.Rewards.Keys.ShouldBe(["accuracy/exact", "format/think-answer"]);
        rl.Rewards.Values.Select(reward => reward.Weight).ShouldBe([1, 0.5]);
        recipe.Jobs.RetryDelaySeconds.ShouldBe(0.5);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Parse_BadRecipe_NamesLineFieldValueAndWhatIsAllowed(BadRecipe bad)
    {
        var problems = RecipeSamples.Fails(bad.Json).Problems;
        var problem = problems.FirstOrDefault(p => p.Path == bad.Path).ShouldNotBeNull(string.Join('\n', problems));
        problem.File.ShouldBe("bad.json");
        problem.Line.ShouldBe(bad.Line);
        problem.Column.ShouldBeGreaterThan(0);
        problem.Value.ShouldBe(bad.Value);
        problem.Message.ShouldContain(bad.Message);
        problem.Allowed.ShouldContain(bad.Allowed);
        problem.ToString().ShouldStartWith($"bad.json({bad.Line},{problem.Column}): {bad.Path}");
    }

    [Fact]
    public void Parse_BadValue_SaysItInOneLine() =>
        RecipeSamples.Fails(BadRecipes.All.Single(bad => bad.Name == "group of one").Json).Message
            .ShouldBe("bad.json(22,20): stages.zero.groupSize: 1 is not allowed: a whole number, at least 2 and at most 1024");

    [Fact]
    public void Parse_ManyMistakes_ReportsAllAtOnce()
    {
        var json = RecipeSamples.Good
            .Replace("\"seed\": 7", "\"sede\": 7", StringComparison.Ordinal)
            .Replace("\"digits\": 2", "\"digits\": 9", StringComparison.Ordinal)
            .Replace("\"heads\": 4", "\"heads\": 5", StringComparison.Ordinal)
            .Replace("\"groupSize\": 4", "\"groupSize\": \"four\"", StringComparison.Ordinal)
            .Replace("\"shards\": 2", "\"shards\": 20", StringComparison.Ordinal)
            .Replace("\"from\": \"zero\"", "\"from\": \"one\"", StringComparison.Ordinal)
            .Replace("\"device\": \"cpu\"", "\"device\": \"tpu\"", StringComparison.Ordinal);
        var problems = RecipeSamples.Fails(json).Problems;
        problems.Select(p => p.Path).ShouldBe(
            ["sede", "tasks.add.digits", "stages.base.model.heads", "stages.zero.groupSize", "stages.zero.shards", "stages.test.from",
                "workers.device"]);
        problems.Select(p => p.Line).ShouldBeInOrder();
    }

    [Fact]
    public void Parse_WrongField_SilencesTheRulesThatDependOnIt() // 8 × "four" samples cannot be said to divide badly
    {
        var json = RecipeSamples.Good.Replace("\"groupSize\": 4", "\"groupSize\": \"four\"", StringComparison.Ordinal)
            .Replace("\"miniBatches\": 4", "\"miniBatches\": 7", StringComparison.Ordinal);
        RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Path.ShouldBe("stages.zero.groupSize");
    }

    [Fact]
    public void Parse_UnreadableStage_IsNotReportedAsMissing()
    {
        var json = RecipeSamples.Good.Replace("\"kind\": \"pretrain\"", "\"kind\": \"pre\"", StringComparison.Ordinal);
        RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Path.ShouldBe("stages.base.kind");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("\u0000")]
    public void Parse_NoObject_IsAProblem(string json) => RecipeSamples.Fails(json).Problems.ShouldHaveSingleItem().Line.ShouldBe(1);

    [Fact]
    public void Parse_TooDeep_IsAProblem() =>
        RecipeSamples.Fails("{\"a\":" + new string('[', 10_000)).Problems.ShouldHaveSingleItem().Message.ShouldContain("not JSON");

    [Fact]
    public void Parse_WholeNumbersWrittenAsDecimals_AreWhole()
    {
        var json = RecipeSamples.Good.Replace("\"steps\": 100", "\"steps\": 1e2", StringComparison.Ordinal)
            .Replace("\"questions\": 8", "\"questions\": 8.0", StringComparison.Ordinal);
        RecipeLoader.Parse(json, "x").Hash.ShouldBe(RecipeLoader.Parse(RecipeSamples.Good, "x").Hash);
    }

    [Fact]
    public void Parse_PartOfAnObject_KeepsTheOwnersDefaultsForTheRest() // an evaluation samples at 0.6, an RL stage at 1
    {
        var recipe = RecipeLoader.Parse(RecipeSamples.Good.Replace("\"temperature\": 0.6, ", "", StringComparison.Ordinal), "x").Recipe;
        recipe.Evaluation!.Sampling.ShouldBe(new SamplingRecipe { Temperature = 0.6, TopP = 0.95 });
        var json = RecipeSamples.Good.Replace("\"learningRate\": 1e-3, \"warmupSteps\": 10, ", "", StringComparison.Ordinal);
        ((PretrainStage)RecipeLoader.Parse(json, "x").Recipe.Stages["base"]).Optimizer
            .ShouldBe(new PretrainStage().Optimizer with { Schedule = LearningRateSchedule.Linear });
    }

    [Fact]
    public void Hash_CommentsSpacesAndFieldOrder_MakeNoDifference()
    {
        var plain = RecipeLoader.Parse(RecipeSamples.Good, "x");
        var other = RecipeSamples.Good
            .Replace("\"name\": \"good\",", "// a comment\n/* and\nanother */ \t", StringComparison.Ordinal)
            .Replace("\"retryDelaySeconds\": 0.5 }", "\"retryDelaySeconds\" : 5e-1, },\n\"name\":\"good\",", StringComparison.Ordinal)
            .Replace("\"accuracy/exact\": 1, \"format/think-answer\": 0.5", "\"format/think-answer\": 0.50, \"accuracy/exact\": 1",
                StringComparison.Ordinal)
            .Replace("\"shards\": 2,", "\"shards\": 2, \"epochs\": 1,", StringComparison.Ordinal); // its default
        RecipeLoader.Parse(other, "y").Hash.ShouldBe(plain.Hash);
        plain.ShortHash.ShouldBe(plain.Hash[..12]);
        plain.Hash.ShouldMatch("^[0-9a-f]{64}$");
    }

    [Fact]
    public void Hash_OtherValueOrStageOrder_IsAnother()
    {
        var plain = RecipeLoader.Parse(RecipeSamples.Good, "x");
        RecipeLoader.Parse(RecipeSamples.Good.Replace("\"seed\": 7", "\"seed\": 8", StringComparison.Ordinal), "x")
            .Hash.ShouldNotBe(plain.Hash);
        var swapped = JsonNode.Parse(RecipeSamples.Good)!.AsObject();
        var stages = swapped["stages"]!.AsObject();
        var first = stages["base"]!.DeepClone();
        stages.Insert(0, "other", first);
        var one = RecipeLoader.Parse(swapped.ToJsonString(), "x");
        stages.Remove("other");
        stages.Insert(1, "other", first.DeepClone());
        var two = RecipeLoader.Parse(swapped.ToJsonString(), "x");
        (one.Recipe.Stages.Keys.First(), two.Recipe.Stages.Keys.First()).ShouldBe(("other", "base"));
        one.Hash.ShouldNotBe(two.Hash);
    }

    [Fact]
    public void ResolvedJson_ParsedAgain_IsTheSame()
    {
        var loaded = RecipeLoader.LoadFile(Path.Combine(RecipeSamples.RecipesFolder, "quickstart.json"), DatasetReader.Instance);
        var again = RecipeLoader.Parse(loaded.ResolvedJson, "x");
        again.ResolvedJson.ShouldBe(loaded.ResolvedJson);
        again.Hash.ShouldBe(loaded.Hash);
        loaded.ResolvedJson.ShouldNotContain("extends");
    }

    [Fact]
    public void Stages_ManyInAnyOrder_KeepTheDocumentsOrder()
    {
        var random = new SeededRandom(5);
        var names = Enumerable.Range(0, 120).Select(i => $"s{i}").ToArray();
        random.Shuffle<string>(names);
        var stages = string.Join(",", names.Select(name => $"\"{name}\": {{ \"kind\": \"pretrain\", \"task\": \"t\" }}"));
        var loaded = RecipeLoader.Parse($$"""{ "name": "n", "tasks": { "t": { "kind": "arithmetic" } }, "stages": { {{stages}} } }""", "x");
        loaded.Recipe.Stages.Keys.ShouldBe(names);
        System.Text.Json.JsonSerializer.Deserialize<Recipe>(loaded.ResolvedJson, R1Json.Options)!.Stages.Keys.ShouldBe(names);
    }
}
