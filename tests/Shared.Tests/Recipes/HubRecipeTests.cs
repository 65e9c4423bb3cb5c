using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Models and data sets by their names on the Hub.</summary>
public sealed class HubRecipeTests : IDisposable
{
    private static readonly string First = new('a', 40), Second = new('b', 40);

    private readonly TempFolder folder = new();
    private readonly FakeHub hub;

    public HubRecipeTests()
    {
        Directory.CreateDirectory(folder["model"]);
        File.WriteAllText(folder["model/config.json"], """{ "model_type": "qwen2", "max_position_embeddings": 64 }""");
        File.WriteAllText(folder["model/tokenizer.json"], "{}");
        File.WriteAllLines(folder["train.jsonl"], Enumerable.Range(10, 40).Select(i => $$"""{"question":"{{i}}?","answer":"{{i}}"}"""));
        hub = new(folder) { Commit = First };
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void LoadFile_NamesOnTheHub_AreThoseOfACommit()
    {
        var loaded = Load(Recipe());
        loaded.Recipe.Stages["base"].ShouldBeOfType<ImportStage>().Path.ShouldBe($"hf:acme/tiny@{First}");
        ((DatasetTask)loaded.Recipe.Tasks["sums"]).Files.ShouldBe([$"hf:acme/sums@{First}/train.jsonl"]);
        loaded.Recipe.StoredInputs().ShouldBeEmpty();
        LocalPaths.Find(loaded.ResolvedJson).ShouldBeEmpty("workers everywhere can fetch them");
        // what was looked up is as it is, wherever it is read again
        RecipeLoader.Parse(loaded.ResolvedJson, "again").Hash.ShouldBe(loaded.Hash);
    }

    [Fact]
    public void LoadFile_ABranchThatMoved_IsAnotherRecipeAndOtherKeys()
    {
        var before = Load(Recipe());
        hub.Commit = Second;
        var after = Load(Recipe());
        after.Hash.ShouldNotBe(before.Hash);
        foreach (var stage in (string[])["base", "rl"])
            Keys(after)[stage].Result.ShouldNotBe(Keys(before)[stage].Result, stage);

        static IReadOnlyDictionary<string, StageKey> Keys(LoadedRecipe loaded)
        {
            var recipe = loaded.Recipe.Expand();
            return StageKeys.Of(recipe, StageKeys.Files(recipe).ToDictionary(file => file, file => (string?)file));
        }
    }

    // A branch may move between two questions.
    [Fact]
    public void LoadFile_ANameThatStandsTwice_IsLookedUpOnce()
    {
        Load(Recipe(more: """, "other": { "kind": "import", "path": "hf:acme/tiny" }"""));
        hub.Asked.Count(name => name == "hf:acme/tiny").ShouldBe(1);
    }

    [Fact]
    public void LoadFile_RowsAndModelOfTheHub_AreLookedAtLikeOthers()
    {
        Problem(Recipe(tokens: 80)).Path.ShouldBe("stages.rl.sampling.maxNewTokens", "the model takes 64");
        File.AppendAllText(folder["train.jsonl"], """{"question":"1?"}""");
        var problem = Problem(Recipe());
        problem.Path.ShouldBe("tasks.sums.files");
        problem.Message.ShouldContain($"hf:acme/sums@{First}/train.jsonl(41): answer: is missing");
        File.WriteAllText(folder["model/config.json"], """{ "model_type": "mamba" }""");
        Problem(Recipe(data: "blob:rows.jsonl")).ToString().ShouldContain("stages.base.path: ");
    }

    [Theory]
    [InlineData("hf:acme/gated", "hf:acme/sums", "stages.base.path", "it is gated")]
    [InlineData("hf:acme/tiny", "hf:acme/gated", "tasks.sums.files", "it is gated")]
    [InlineData("hf:acme/away", "hf:acme/sums", "stages.base.path", "it does not answer")]
    [InlineData("hf:acme", "hf:acme/sums", "stages.base.path", "is no name on the Hub")]
    [InlineData("hf:acme/tiny/main", "hf:acme/sums", "stages.base.path", "names a part of a data set")]
    [InlineData("hf:acme/tiny", "hf:acme/su--ms", "tasks.sums.files", "which no repository has")]
    public void Load_NameThatCannotBeHad_IsAProblemOfItsField(string model, string data, string field, string message)
    {
        var problem = Problem(Recipe(model, data));
        problem.Path.ShouldBe(field);
        problem.Message.ShouldContain(message);
        problem = Should.Throw<RecipeException>(() => RecipeLoader.Parse(Recipe(model, data), "sent", hub: hub))
            .Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe(field);
    }

    [Theory]
    [InlineData("stages.base.path", "hf:acme/away", "hf:acme/sums/default/train")]
    [InlineData("stages.base", "hf:acme/away", "hf:acme/sums/default/train")]
    [InlineData("stages.base.path", "nowhere", "hf:acme/sums/default/train")]
    [InlineData("tasks.sums.files", "hf:acme/tiny", "hf:acme/away")]
    [InlineData("tasks.sums.files", "hf:acme/tiny", "nowhere.jsonl")]
    public void LoadFile_FieldThatGetsAnotherValue_IsNotLookedFor(string field, string model, string data)
    {
        File.WriteAllText(folder["recipe.json"], Recipe(model, data));
        RecipeLoader.LoadFile(folder["recipe.json"], DatasetReader.Instance, hub, [field]).Recipe.Name.ShouldBe("hubbed");
        hub.Asked.ShouldNotContain("hf:acme/away");
        Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(folder["recipe.json"], DatasetReader.Instance, hub,
            ["stages.rl.iterations"]));
    }

    [Fact]
    public void Parse_WhereNobodyAsksTheHub_WantsCommits()
    {
        var problems = Should.Throw<RecipeException>(() => RecipeLoader.Parse(Recipe(), "sent")).Problems;
        problems.Select(problem => problem.Path).ShouldBe(["stages.base.path", "tasks.sums.files"], ignoreOrder: true);
        problems.ShouldAllBe(problem => problem.Allowed.Contains("hf:ORG/NAME@COMMIT", StringComparison.Ordinal));
        RecipeLoader.Parse(Recipe($"hf:acme/tiny@{First}", $"hf:acme/sums@{First}/train.jsonl"), "sent").Recipe.Name.ShouldBe("hubbed");
    }

    [Fact]
    public void LoadFile_PassRatesOfSeveralFiles_AreRefused()
    {
        var recipe = Recipe().Replace("\"heldOutPercent\": 20", """ "heldOutPercent": 20, "difficulty": { "passRates": "hf:acme/two" } """,
            StringComparison.Ordinal);
        Problem(recipe).Message.ShouldContain("means 2 files");
    }

    private LoadedRecipe Load(string recipe)
    {
        File.WriteAllText(folder["recipe.json"], recipe);
        return RecipeLoader.LoadFile(folder["recipe.json"], DatasetReader.Instance, hub);
    }

    private RecipeProblem Problem(string recipe) => Should.Throw<RecipeException>(() => Load(recipe)).Problems.ShouldHaveSingleItem();

    private static string Recipe(string model = "hf:acme/tiny", string data = "hf:acme/sums/default/train", int tokens = 12, string more = "") => $$"""
        {
          "name": "hubbed",
          "tasks": { "sums": { "kind": "dataset", "files": ["{{data}}"], "heldOutPercent": 20 } },
          "stages": {
            "base": { "kind": "import", "path": "{{model}}" }{{more}},
            "rl": {
              "kind": "rl", "from": "base", "task": "sums", "iterations": 1, "questions": 2, "groupSize": 2, "miniBatches": 1,
              "sampling": { "maxNewTokens": {{tokens}} }, "rewards": { "accuracy/exact": 1 }
            }
          }
        }
        """;

    private sealed class FakeHub(TempFolder folder) : IHubReader
    {
        public required string Commit { get; set; }

        public List<string> Asked { get; } = [];

        public Task<HubName> PinModelAsync(HubName name, CancellationToken cancellation = default) =>
            Task.FromResult(Checked(name) with { Revision = Commit });

        public Task<IReadOnlyList<HubName>> PinDataAsync(HubName name, CancellationToken cancellation = default) =>
            Task.FromResult<IReadOnlyList<HubName>>([.. (name.Repository == "acme/two" ? (string[])["train.jsonl", "more.jsonl"]
                : ["train.jsonl"])
                .Select(file => new HubName(Checked(name).Repository, null, null, Commit, file))]);

        public Task<string> ModelFolderAsync(HubName model, bool weights, CancellationToken cancellation = default) =>
            Task.FromResult(weights ? throw new InvalidOperationException("weights are not looked at here") : folder["model"]);

        public Task<string> DataFileAsync(HubName file, CancellationToken cancellation = default) => Task.FromResult(folder["train.jsonl"]);

        private HubName Checked(HubName name)
        {
            Asked.Add(name.ToString());
            return name.Repository switch
            {
                "acme/gated" => throw new BadInputException("it is gated"),
                "acme/away" => throw new StorageException("it does not answer"),
                _ => name,
            };
        }
    }
}
