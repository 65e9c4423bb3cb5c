using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The rules of stages that train reward models, and of the rewards that refer to them.</summary>
public sealed class RewardModelRecipeTests
{
    private const string Helpful = """ "helpful": { "kind": "reward-model", "from": "base", "task": "pairs", "rows": 50, "heldOut": 10 }""";

    [Fact]
    public void Load_RewardModel_HasThePapersDefaults()
    {
        var stage = RecipeLoader.Parse(With(Helpful), "good.json").Recipe.Stages["helpful"].ShouldBeOfType<RewardModelStage>();
        (stage.BatchSize, stage.Epochs, stage.Optimizer.LearningRate, stage.Steps()).ShouldBe((256, 1, 6e-6, 1));
        (stage.ScoredPart(), (stage with { Objective = RewardObjective.Pointwise }).ScoredPart())
            .ShouldBe((ScoredPart.Summary, ScoredPart.Response));
        stage.YieldsModel().ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"task\": \"pairs\"", "\"task\": \"add\"", "stages.helpful.task", "a data set of layout preferences")]
    [InlineData("\"task\": \"pairs\"", "\"task\": \"labels\"", "stages.helpful.task", "a data set of layout preferences")]
    [InlineData("\"task\": \"pairs\"", "\"task\": \"pairs\", \"objective\": \"pointwise\"", "stages.helpful.task",
        "a data set of layout labels")]
    [InlineData("\"from\": \"base\"", "\"from\": \"test\"", "stages.helpful.from", "an earlier stage that yields a model: base, zero")]
    [InlineData("\"rows\": 50", "\"batchSize\": 4, \"microBatchSize\": 8", "stages.helpful.microBatchSize", "at most batchSize, 4")]
    [InlineData("\"rows\": 50", "\"optimizer\": { \"learningRate\": 1e-5, \"lora\": {} }", "stages.helpful.optimizer.lora", "null")]
    [InlineData("\"rows\": 50", "\"scores\": \"thinking\"", "stages.helpful.scores", "one of summary, response")]
    public void Load_BadRewardModel_NamesFieldAndWhatIsAllowed(string old, string bad, string path, string allowed) =>
        Problem(Helpful.Replace(old, bad), path).Allowed.ShouldContain(allowed);

    [Fact]
    public void Load_FromARewardModel_IsNotAllowed() =>
        Problem($$"""{{Helpful}}, "again": { "kind": "evaluate", "from": "helpful", "evaluation": { "task": "add", "problems": 10 } }""",
            "stages.again.from").Allowed.ShouldContain("an earlier stage that yields a model: base, zero");

    [Fact]
    public void Load_RewardOfAModel_NamesItsStage()
    {
        var recipe = RecipeLoader.Parse(With($"{Helpful}, {Rl("helpful/model", "helpful")}"), "good.json").Recipe;
        var (name, reward) = recipe.Stages["r1"].RewardSets().Single().Rewards.Single();
        ModelRewardCatalog.StageOf(name, reward).ShouldBe("helpful");
        RewardOptions.Bind<HelpfulModelOptions>(name, reward.Options).Normalize.ShouldBeTrue();
    }

    [Fact]
    public void Load_SourceWithARewardOfAModel_NamesItsStageToo()
    {
        var source =
            """ "r1": { "kind": "rl", "from": "zero", "questions": 8, "sources": { "general": { "task": "add", "rewards": { "helpful/model": { "options": { "stage": "STAGE" } } } } } }""";
        RecipeLoader.Parse(With($"{Helpful}, {source.Replace("STAGE", "helpful")}"), "good.json").Recipe.Stages["r1"].RewardSets().Single()
            .Field.ShouldBe("sources.general.rewards");
        Problem($"{Helpful}, {source.Replace("STAGE", "helpfull")}", "stages.r1.sources.general.rewards.helpful/model.options.stage")
            .Message.ShouldContain("did you mean \"helpful\"?");
    }

    [Theory]
    [InlineData("rows", 100_000, null)] // a generated task draws new rows
    [InlineData("heldOut", 100_000, "the held-out rows of task general")]
    public void Load_GeneratedTask_LimitsOnlyWhatIsHeldOut(string field, int value, string? allowed)
    {
        var stage = $$"""{{Helpful.Replace("\"pairs\"", "\"general\"").Replace("\"rows\": 50, \"heldOut\": 10", $"\"{field}\": {value}")}}""";
        var json = With(stage)
            .Replace("\"task\": \"add\",\n      \"model\"", "\"tasks\": { \"add\": 1, \"general\": 1 },\n      \"model\"",
                StringComparison.Ordinal);
        if (allowed is null) RecipeLoader.Parse(json, "good.json").Recipe.Stages.ShouldContainKey("helpful");
        else Problem(stage, $"stages.helpful.{field}").Allowed.ShouldContain(allowed);
    }

    [Theory]
    [InlineData("helpful/model", "helpfull", "did you mean \"helpful\"?", "objective pairwise: helpful")]
    [InlineData("helpful/model", "zero", "is not allowed", "objective pairwise: helpful")]
    [InlineData("safety/model", "helpful", "is not allowed", "objective pointwise, and there is none before this one")]
    public void Load_RewardOfAnotherStage_IsRefusedWithASuggestion(string reward, string stage, string message, string allowed)
    {
        var problem = Problem($"{Helpful}, {Rl(reward, stage)}", $"stages.r1.rewards.{reward}.options.stage");
        problem.Message.ShouldContain(message);
        problem.Allowed.ShouldContain(allowed);
    }

    [Fact]
    public void Load_BenchmarkWithARewardOfAModel_MayNameAnyStageOfTheRun()
    {
        string Evaluated(string stage) => With(Helpful).Replace("\"samples\": 4, ", $$"""
            "samples": 4, "rewards": { "helpful/model": { "options": { "stage": "{{stage}}" } } }, 
            """);
        RecipeLoader.Parse(Evaluated("helpful"), "good.json").Recipe.Evaluation!.Rewards.ShouldContainKey("helpful/model");
        RecipeSamples.Fails(Evaluated("zero")).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("evaluation.rewards.helpful/model.options.stage");
    }

    [Fact]
    public void Load_RewardBeforeItsModel_IsRefused() =>
        Problem($"{Rl("helpful/model", "helpful")}, {Helpful}", "stages.r1.rewards.helpful/model.options.stage")
            .Allowed.ShouldContain("there is none before this one");

    [Fact]
    public void Load_RewardWithoutItsStage_IsRefused() =>
        Problem($"{Helpful}, {Rl("helpful/model", "helpful").Replace("\"stage\": \"helpful\", ", "")}",
            "stages.r1.rewards.helpful/model.options.stage").Message.ShouldContain("is missing");

    [Fact]
    public void Load_PairFiltersOfAnotherLayout_AreRefused() =>
        RecipeSamples.Fails(With(Helpful).Replace("\"layout\": \"labels\"", "\"layout\": \"labels\", \"pairs\": {}"))
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("tasks.labels.pairs");

    private static string Rl(string reward, string stage) => $$"""
        "r1": { "kind": "rl", "from": "zero", "task": "add", "questions": 8, "rewards": { "{{reward}}": { "options": { "stage": "{{stage}}", {{(reward[0] == 'h' ? "\"normalize\": true" : "")}} } } } }
        """;

    private static RecipeProblem Problem(string stages, string path) =>
        RecipeSamples.Fails(With(stages)).Problems.Where(problem => problem.Path == path).ShouldHaveSingleItem();

    private static string With(string stages) => RecipeSamples.Good
        .Replace("\"tasks\": {",
            """ "tasks": { "general": { "kind": "requests" }, "pairs": { "kind": "dataset", "files": ["blob:p.jsonl"], "layout": "preferences" }, "labels": { "kind": "dataset", "files": ["blob:l.jsonl"], "layout": "labels" },""", StringComparison.Ordinal)
        .Replace("\"problems\": 100 } }\n", $"\"problems\": 100 }} }}, {stages}\n", StringComparison.Ordinal);
}
