using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RecipeCheckTests
{
    [Fact]
    public void Run_R1Mini_IsGoodAndHasEveryStage()
    {
        var report = RecipeCheck.Run(Path.Combine(RecipeSamples.RecipesFolder, "r1-mini.json"), DatasetReader.Instance);
        report.Problems.ShouldBeEmpty();
        report.Summary!.Stages.Select(stage => stage.Kind).Distinct()
            .ShouldBe(["pretrain", "reward-model", "rl", "collect", "sft", "rejection-sample"]);
        report.Summary.Stages.Select(stage => stage.Name).ShouldContain("distill/half", "a student is fine-tuned like any model");
        report.Summary.Stages.Where(stage => stage.Kind == "sft").ShouldAllBe(stage => stage.Steps > 0);
    }

    [Fact]
    public void StepsOf_Sft_AreThoseOfAsManyRowsAsThereCanBe()
    {
        var collect = new CollectStage { Task = "add", Questions = 100, Keep = 2 };
        var recipe = new Recipe { Name = "a", Stages = new OrderedDictionary<string, StageRecipe> { ["cold"] = collect } };
        new SftStage { Data = ["cold"], Epochs = 3, BatchSize = 64 }.StepsIn(recipe).ShouldBe(3 * 4);
        new SftStage { Data = ["cold", "general"] }.StepsIn(recipe).ShouldBeNull("a data set's rows are not known");
    }

    [Fact]
    public void Summarize_GoodRecipe_CountsWhatTheRunDoes()
    {
        var stages = RecipeCheck.Summarize(RecipeLoader.Parse(RecipeSamples.Good, "x")).Stages;
        const long evaluation = 100 * (4 + 1);
        stages[0].ShouldBe(new("base", "pretrain", null, 100, 2, 100 * 64 + evaluation, 100 * 64 * 96 + evaluation * 40));
        // Ten iterations of two shards and an update, a greedy point of the curve, and the evaluation at the end.
        stages[1].ShouldBe(
            new("zero", "rl", "base", 10 * 4, 10 * 3 + 2, 10 * 8 * 4 + 100 + evaluation, (10 * 8 * 4 + 100 + evaluation) * 40));
        stages[2].ShouldBe(new("test", "evaluate", "zero", 0, 1, evaluation, evaluation * 40));
    }

    [Fact]
    public void Run_Quickstart_HasNoProblemAndATable()
    {
        var report = RecipeCheck.Run(Path.Combine(RecipeSamples.RecipesFolder, "quickstart.json"), DatasetReader.Instance);
        report.Problems.ShouldBeEmpty(report.ToString());
        report.Summary!.Name.ShouldBe("quickstart");
        report.ToString().ShouldContain("r1-zero          rl");
        report.ToString().ShouldContain("tokens at most");
    }

    [Fact]
    public void Run_BadFile_ListsTheProblems()
    {
        var report = RecipeCheck.Run("no/such.json", DatasetReader.Instance);
        report.Summary.ShouldBeNull();
        report.ToString()
            .ShouldBe($"no/such.json(1,1): file no/such.json does not exist: a JSON file in UTF-8 of at most 1048576 "
                + $"bytes{Environment.NewLine}no/such.json: 1 problem");
    }
}
