using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RecipeInheritanceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("recipes").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void LoadFile_Quickstart_HasThePresetsValuesAndItsOwn()
    {
        var recipe = RecipeLoader.LoadFile(Path.Combine(RecipeSamples.RecipesFolder, "quickstart.json"), DatasetReader.Instance).Recipe;
        recipe.Stages.Keys.ShouldBe(["base", "r1-zero"]); // the preset's only stage goes where quickstart names it
        var rl = (RlStage)recipe.Stages["r1-zero"];
        (rl.Loss.KlWeight, rl.Loss.Aggregation, rl.Loss.ClipLow).ShouldBe((0, LossAggregation.TokenMean, 0.2));
        (rl.ReferenceEvery, rl.Questions, rl.Optimizer.Beta2, rl.Sampling.MaxNewTokens).ShouldBe((400, 192, 0.95, 40));
        rl.Rewards["format/think-answer"].Weight.ShouldBe(0.5);
    }

    [Fact]
    public void Presets_R1Zero_HasThePapersSettings()
    {
        RecipePresets.Names.ShouldContain("r1-zero");
        var rl = (RlStage)RecipeLoader.Parse("""
            { "extends": "r1-zero", "name": "n", "tasks": { "t": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "t", "model": { "maxPositions": 40000 } }, "r1-zero": { "task": "t", "from": "base" } } }
            """, "x").Recipe.Stages["r1-zero"];
        (rl.Optimizer.LearningRate, rl.Loss.KlWeight, rl.GroupSize, rl.Questions, rl.MiniBatches, rl.Epochs, rl.ReferenceEvery)
            .ShouldBe((3e-6, 0.001, 16, 32, 16, 1, 400));
        (rl.Sampling.Temperature, rl.Iterations, rl.Loss.KlEstimator, rl.Loss.Aggregation, rl.Loss.AdvantageScale)
            .ShouldBe((1, 10400, KlEstimator.K3, LossAggregation.SequenceMean, AdvantageScale.Group));
        rl.Rewards["accuracy/exact"].Weight.ShouldBe(rl.Rewards["format/think-answer"].Weight);
    }

    [Fact]
    public void LoadFile_FilesExtendingFiles_MergeDeeplyAndResolveToTheSameRun()
    {
        Write("good.json", RecipeSamples.Good);
        Write("sub/middle.json",
            """{ "extends": "../good.json", "stages": { "zero": { "loss": { "clipLow": 0.3 }, "questions": 16 } } }""");
        var top = Write("top.json",
            """{ "extends": "./sub/middle.json", "name": "top", "stages": { "zero": { "loss": { "klWeight": 0 } } }, /* , */ }""");
        var loaded = RecipeLoader.LoadFile(top, DatasetReader.Instance);
        var rl = (RlStage)loaded.Recipe.Stages["zero"];
        (loaded.Recipe.Name, rl.Loss.ClipLow, rl.Loss.ClipHigh, rl.Loss.KlWeight, rl.Questions, rl.GroupSize)
            .ShouldBe(("top", 0.3, 0.28, 0, 16, 4));
        RecipeLoader.Parse(loaded.ResolvedJson, "sent").Hash.ShouldBe(loaded.Hash);
    }

    [Fact]
    public void LoadFile_Null_TakesAway()
    {
        Write("good.json", RecipeSamples.Good);
        var top = Write("top.json",
            """{ "extends": "./good.json", "evaluation": null, "workers": null, "stages": { "test": null, "zero": { "evaluateEvery": null, "optimizer": null } } }""");
        var recipe = RecipeLoader.LoadFile(top, DatasetReader.Instance).Recipe;
        recipe.Stages.Keys.ShouldBe(["base", "zero"]);
        recipe.Evaluation.ShouldBeNull();
        recipe.Workers.ShouldBe(new WorkersRecipe());
        ((RlStage)recipe.Stages["zero"]).Optimizer.ShouldBe(new OptimizerRecipe { LearningRate = 3e-6 });
    }

    [Fact]
    public void LoadFile_OtherKind_ReplacesTheWholeStage()
    {
        Write("good.json", RecipeSamples.Good);
        var top = Write("top.json",
            """{ "extends": "./good.json", "stages": { "test": { "kind": "rl", "task": "add", "from": "zero", "rewards": { "accuracy/exact": 1 } } } }""");
        RecipeLoader.LoadFile(top, DatasetReader.Instance).Recipe.Stages["test"].ShouldBeOfType<RlStage>(); // its "evaluation" is gone
    }

    [Fact]
    public void LoadFile_ProblemsInSeveralFiles_NameEachFileAndLine()
    {
        var good = Write("good.json", RecipeSamples.Good.Replace("\"digits\": 2", "\"digits\": 12", StringComparison.Ordinal));
        var top = Write("top.json",
            "{\n  \"extends\": \"./good.json\",\n  \"stages\": {\n    \"zero\": { \"groupSize\": 1, \"shards\": 9 }\n  }\n}");
        var problems = Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(top, DatasetReader.Instance)).Problems;
        problems.Select(p => (p.File, p.Line, p.Path))
            .ShouldBe([(good, 5, "tasks.add.digits"), (top, 4, "stages.zero.groupSize"), (top, 4, "stages.zero.shards")],
                ignoreOrder: true);
        problems.Single(p => p.Path == "stages.zero.groupSize").Column.ShouldBe(28);
    }

    [Fact]
    public void Parse_ProblemWithAPresetsValue_NamesThePreset()
    {
        var problem = RecipeSamples.Fails("""
            { "extends": "r1-zero", "name": "n", "tasks": { "t": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "t" }, "r1-zero": { "task": "t", "from": "base" } } }
            """).Problems.ShouldHaveSingleItem();
        (problem.File, problem.Path, problem.Value)
            .ShouldBe(("recipes/presets/r1-zero.json", "stages.r1-zero.sampling.maxNewTokens", "32768"));
        File.ReadAllLines(Path.Combine(RecipeSamples.Root, problem.File))[problem.Line - 1].ShouldContain("\"maxNewTokens\": 32768");
    }

    [Fact]
    public void LoadFile_Circle_NamesIt()
    {
        Write("a.json", """{ "extends": "./b.json" }""");
        Write("b.json", """{ "extends": "./a.json" }""");
        var problem = Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(Path.Combine(folder, "a.json"), DatasetReader.Instance))
            .Problems.First(p => p.Path == "extends");
        problem.File.ShouldBe(Path.Combine(folder, "b.json"));
        problem.Message.ShouldMatch(@"a circle: .*a\.json → .*b\.json → .*a\.json");
    }

    [Theory]
    [InlineData("./missing.json", "does not exist")]
    [InlineData("./folder", "is a folder")]
    [InlineData("./binary.json", "is not UTF-8")]
    [InlineData("./large.json", "is too large")]
    [InlineData("./broken.json", "not JSON")]
    [InlineData("/etc/passwd", "there is no preset")]
    [InlineData("", "there is no preset")]
    public void LoadFile_BadExtends_SaysWhy(string extends, string message)
    {
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        File.WriteAllBytes(Path.Combine(folder, "binary.json"), [0x7B, 0xFF, 0x7D]);
        File.WriteAllBytes(Path.Combine(folder, "large.json"), new byte[2_000_000]);
        Write("broken.json", "{,}");
        var top = Write("top.json", $$"""{ "extends": "{{extends}}", "name": "n" }""");
        Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(top, DatasetReader.Instance)).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("missing.json", "does not exist")]
    [InlineData("", "is a folder")]
    public void LoadFile_Unreadable_SaysWhy(string name, string message)
    {
        var path = Path.Combine(folder, name);
        var problem = Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(path, DatasetReader.Instance))
            .Problems.ShouldHaveSingleItem();
        (problem.File, problem.Line).ShouldBe((path, 1));
        problem.Message.ShouldContain(message);
    }

    [Fact]
    public void LoadFile_ByteOrderMark_IsNoMatter()
    {
        var path = Path.Combine(folder, "bom.json");
        File.WriteAllText(path, RecipeSamples.Good, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        RecipeLoader.LoadFile(path, DatasetReader.Instance).Recipe.Name.ShouldBe("good");
    }

    [Theory]
    [InlineData("a b", "x", "a b x")]
    [InlineData("zero", "base zero", "base zero")]
    [InlineData("a b", "x b", "a x b")]
    [InlineData("a b c", "c a", "c b a")]
    [InlineData("a b", "x y a z", "x y a b z")]
    [InlineData("", "x y", "x y")]
    [InlineData("a b", "", "a b")]
    public void MergeOrder_TwoLists_KeepsBothOrders(string inherited, string own, string merged) =>
        RecipeInheritance.MergeOrder(Split(inherited), Split(own)).ShouldBe(Split(merged));

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
