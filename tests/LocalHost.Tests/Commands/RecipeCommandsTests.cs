using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.LocalHost.Tests.Commands;

public sealed class RecipeCommandsTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Check_Quickstart_IsGood()
    {
        var outcome = await R1.RunAsync(folder, "check", Repository.Quickstart);
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldMatch(@"^good .*quickstart\.json\s+run id quickstart-[0-9a-f]{8}");
        outcome.Output.ShouldContain("r1-zero");
    }

    [Fact]
    public async Task Check_SetValues_ChangeTheRecipeAndItsRun()
    {
        var outcome =
            await R1.RunAsync(folder, "check", Repository.Quickstart, "--json", "--seed", "7", "--set", "stages.r1-zero.iterations=5",
                "name=other");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        var recipe = JsonDocument.Parse(outcome.Output).RootElement;
        recipe.GetProperty("seed").GetInt64().ShouldBe(7);
        recipe.GetProperty("name").GetString().ShouldBe("other");
        recipe.GetProperty("stages").GetProperty("r1-zero").GetProperty("iterations").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Check_BadRecipe_ListsEveryProblemWithItsPlace()
    {
        folder.Write("bad.json", """
            {
              "extends": "r1-zero",
              "name": "Bad Name",
              "sneed": 1
            }
            """);
        var outcome = await R1Process.RunAsync(folder, "check", "bad.json");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("bad.json(3,");
        outcome.Error.ShouldContain("bad.json(4,");
        outcome.Error.ShouldContain("sneed");
        outcome.Error.ShouldContain("problems\n");
        outcome.Output.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("check")]
    [InlineData("up")]
    public async Task CheckAndUp_RowThatDoesNotFitTheModel_IsNamedBeforeAnythingStarts(string command)
    {
        EndToEnd.TinyModel.Write(folder["model"]);
        folder.Write("rows.jsonl", $$"""
            {"prompt":"1+1","answer":"2"}
            {"prompt":"{{string.Join(' ', Enumerable.Repeat("one", 100))}}","answer":"2"}
            """);
        folder.Write("recipe.json", """
            {
              "name": "tiny", "tasks": { "rows": { "kind": "dataset", "files": ["rows.jsonl"], "heldOutPercent": 0 } },
              "stages": {
                "base": { "kind": "import", "path": "model" },
                "rl": { "kind": "rl", "from": "base", "task": "rows", "iterations": 1, "questions": 1, "groupSize": 2, "miniBatches": 1, "sampling": { "maxNewTokens": 16 }, "rewards": { "accuracy/exact": 1 } }
              }
            }
            """);
        var outcome = await R1Process.RunAsync(folder, command, "recipe.json");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain(
            $"stages.rl: {folder["rows.jsonl"]}(2): its prompt has 399 tokens; the model takes 256, of which maxNewTokens wants 16");
        Directory.Exists(folder[".r1"]).ShouldBeFalse();

        var left = await R1Process.RunAsync(folder, "check", "recipe.json", "--set", "stages.rl.prompt.tooLong=leave-out");
        left.ExitCode.ShouldBe(ExitCode.Ok, left.All);
        left.Output.ShouldContain("stages.rl: 2 rows of rows, 1 of them left out");
    }

    [Theory]
    [InlineData("stages.r1-zero.iterations=0", "stages.r1-zero.iterations: 0 is not allowed")]
    [InlineData("stages.r1-zero.itterations=5", "itterations")]
    [InlineData("stages.nowhere.iterations=5", "'nowhere' is not there; base, r1-zero are")]
    [InlineData("iterations", "path=value is needed")]
    public async Task Check_WrongSet_IsBadInput(string set, string expected)
    {
        var outcome = await R1.RunAsync(folder, "check", Repository.Quickstart, "--set", set);
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain(expected);
    }

    [Fact]
    public async Task Up_BadRecipe_FailsBeforeAnythingIsStarted()
    {
        var outcome = await R1Process.RunAsync(folder, "up", "nowhere.json");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("nowhere.json");
        Directory.Exists(folder[".r1"]).ShouldBeFalse();
    }

    [Fact]
    public void Set_Values_AreJsonElseText() =>
        Set("""{"a":{"b":1,"c":"x"}}""", "a.b=2.5", "a.c=true story", "a.d=[1,2]", "e=null")
            .ShouldBe("""{"a":{"b":2.5,"c":"true story","d":[1,2]},"e":null}""");

    [Theory]
    [InlineData("=1")]
    [InlineData("a.b.c=1")]
    public void Set_PathThatLeadsNowhere_IsBadInput(string setting) =>
        Should.Throw<BadInputException>(() => Set("""{"a":{"b":1}}""", setting));

    private static string Set(string recipe, params string[] settings) => RecipeSettings.Set(recipe, settings.Select(RecipeSettings.Parse));
}
