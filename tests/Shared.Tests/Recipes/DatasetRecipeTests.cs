using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class DatasetRecipeTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-dataset-recipes");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void LoadFile_RelativeFiles_AreSeenFromTheRecipesFolder()
    {
        Directory.CreateDirectory(Path.Combine(folder.FullName, "data"));
        Write("data/train.jsonl", [.. Enumerable.Range(0, 100).Select(Line)]);
        var loaded =
            RecipeLoader.LoadFile(Recipe("""{ "kind": "dataset", "files": ["data/train.jsonl"], "heldOutPercent": 50 }"""),
                DatasetReader.Instance);
        loaded.Recipe.Tasks["data"].ShouldBeOfType<DatasetTask>().Files.ShouldBe([Path.Combine(folder.FullName, "data", "train.jsonl")]);
        RecipeLoader.Parse(loaded.ResolvedJson, "again").Hash.ShouldBe(loaded.Hash, "the resolved recipe needs no folder");
    }

    [Fact]
    public void LoadFile_BadRow_IsAProblemOfTheRecipe()
    {
        Write("train.jsonl", [Line(0), """{"question":"no answer"}"""]);
        var problem = Fails("""{ "kind": "dataset", "files": ["train.jsonl"] }""").ShouldHaveSingleItem();
        problem.Path.ShouldBe("tasks.data.files");
        problem.Message.ShouldContain("train.jsonl(2): answer: is missing");
    }

    [Theory]
    [InlineData("""{ "kind": "dataset", "files": ["absent.jsonl"] }""", "tasks.data.files", "does not exist")]
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "against": ["absent.jsonl"] }""", "tasks.data.against", "does not exist")]
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "difficulty": { "passRates": "absent.jsonl" } }""",
        "tasks.data.difficulty.passRates", "does not exist")]
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "difficulty": { "above": 0.8, "below": 0.2 } }""",
        "tasks.data.difficulty.above", "0.8 is not allowed")]
    [InlineData("""{ "kind": "dataset", "files": [] }""", "tasks.data.files", "[] is not allowed")]
    [InlineData("""{ "kind": "dataset", "files": [3] }""", "tasks.data.files[0]", "3 is not allowed")]
    [InlineData("""{ "kind": "dataset", "files": "train.jsonl" }""", "tasks.data.files", "is not allowed")]
    [InlineData("""{ "kind": "dataset" }""", "tasks.data.files", "is missing")]
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "layout": "gsm" }""", "tasks.data.layout", "did you mean \"gsm8k\"?")]
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "template": "Solve." }""", "tasks.data.template", "is not allowed")]
    // nothing to learn from
    [InlineData("""{ "kind": "dataset", "files": ["train.jsonl"], "heldOutPercent": 100 }""", "stages.zero.questions", "is not allowed")]
    public void LoadFile_BadDataset_NamesFieldAndReason(string task, string path, string message)
    {
        Write("train.jsonl", [.. Enumerable.Range(0, 100).Select(Line)]);
        var problem = Fails(task)[0];
        problem.Path.ShouldBe(path);
        problem.Message.ShouldContain(message);
    }

    [Fact]
    public void LoadFile_Blobs_AreLeftToTheWorkers()
    {
        var loaded =
            RecipeLoader.LoadFile(Recipe("""{ "kind": "dataset", "files": ["blob:datasets/train.jsonl"] }"""), DatasetReader.Instance);
        loaded.Recipe.Tasks["data"].ShouldBeOfType<DatasetTask>().Files.ShouldBe(["blob:datasets/train.jsonl"]);
    }

    [Fact]
    public void Parse_RelativeFile_IsRefused() =>
        RecipeSamples.Fails(File.ReadAllText(Recipe("""{ "kind": "dataset", "files": ["train.jsonl"] }"""))).Problems.ShouldHaveSingleItem()
            .Allowed.ShouldContain("blob:");

    [Fact]
    public void LoadFile_PretrainingOnADataset_IsRefused()
    {
        Write("train.jsonl", [Line(1)]);
        var recipe = RecipeSamples.Good.Replace("\"task\": \"add\",\n      \"model\"", "\"task\": \"data\",\n      \"model\"")
            .Replace("\"tasks\": {", """ "tasks": { "data": { "kind": "dataset", "files": ["train.jsonl"] },""");
        Write("recipe.json", [recipe]);
        var problem =
            Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(Path.Combine(folder.FullName, "recipe.json"), DatasetReader.Instance))
            .Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("stages.base.task");
        problem.Allowed.ShouldContain("worked examples");
    }

    [Fact]
    public void Load_CosineWithoutAccuracy_IsRefused() =>
        RecipeSamples.Fails(RecipeSamples.Good.Replace("\"accuracy/exact\": 1", "\"length/cosine\": 1")).Problems.ShouldHaveSingleItem()
            .Allowed.ShouldContain("accuracy reward");

    [Theory]
    [InlineData("(")]
    [InlineData("(a)\\\\1")]
    [InlineData("(?=a)")]
    public void Load_BadExpression_IsRefused(string pattern) =>
        RecipeSamples.Fails(
            RecipeSamples.Good.Replace("\"accuracy/exact\": 1",
                "\"accuracy/regex\": { \"options\": { \"pattern\": \"" + pattern + "\" } }")).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.zero.rewards.accuracy/regex.options.pattern");

    private static string Line(int i) => $$"""{"question":"{{i}}+0?","answer":"{{i}}"}""";

    private IReadOnlyList<RecipeProblem> Fails(string task) =>
        Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(Recipe(task), DatasetReader.Instance)).Problems;

    // The base is pretrained on sums; RL asks the data set.
    private string Recipe(string task)
    {
        var recipe = RecipeSamples.Good.Replace("\"tasks\": {", $"\"tasks\": {{ \"data\": {task},")
            .Replace("\"task\": \"add\",\n      \"iterations\"", "\"task\": \"data\",\n      \"iterations\"");
        Write("recipe.json", [recipe]);
        return Path.Combine(folder.FullName, "recipe.json");
    }

    private void Write(string name, string[] lines) => File.WriteAllLines(Path.Combine(folder.FullName, name), lines);
}
