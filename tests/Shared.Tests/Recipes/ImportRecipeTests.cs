using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Published models as the start.</summary>
public sealed class ImportRecipeTests : IDisposable
{
    private readonly TempFolder folder = new();

    public ImportRecipeTests()
    {
        Write("models/tiny/config.json", """{ "model_type": "qwen2", "max_position_embeddings": 64 }""");
        Write("models/tiny/model.safetensors", "");
        Write("models/tiny/tokenizer.json", "{}");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void LoadFile_Folder_IsFoundFromTheRecipesOwn()
    {
        var recipe = Load("models/tiny").Recipe;
        recipe.Stages["base"].ShouldBeOfType<ImportStage>().Path.ShouldBe(Path.GetFullPath("models/tiny", folder.Path));
        recipe.StoredInputs().ShouldBeEmpty();
    }

    [Fact]
    public void LoadFile_FolderInStorage_IsNotLookedAt() => Load("blob:models/r1").Recipe.StoredInputs().ShouldBe(["blob:models/r1"]);

    [Fact]
    public void Parse_RelativeFolderWithoutAFile_IsToldSo() =>
        Should.Throw<RecipeException>(() => RecipeLoader.Parse(Recipe("models/tiny"), "sent")).Problems.ShouldHaveSingleItem()
            .Message.ShouldContain("a path from the recipe's folder");

    [Theory]
    [InlineData("models/absent", null, "there is no folder")]
    [InlineData("models/tiny", "config.json", "has no config.json")]
    [InlineData("models/tiny", "model.safetensors", "neither model.safetensors nor model.safetensors.index.json")]
    [InlineData("models/tiny", "tokenizer.json", "has no tokenizer.json")]
    public void LoadFile_FolderThatLacksSomething_IsAProblem(string path, string? without, string expected)
    {
        if (without is not null) File.Delete(Path.Combine(folder.Path, "models/tiny", without));
        Problem(path).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("""{ "model_type": "mamba" }""", "model_type 'mamba' is not supported")]
    [InlineData("""{ }""", "model_type '' is not supported")]
    [InlineData("[1]", "is no JSON object")]
    [InlineData("{", "cannot be read")]
    public void LoadFile_BadConfig_IsAProblem(string config, string expected)
    {
        Write("models/tiny/config.json", config);
        var problem = Problem("models/tiny");
        problem.Message.ShouldContain(expected);
        problem.Allowed.ShouldContain("llama, qwen2, qwen3, deepseek_v3");
    }

    [Fact]
    public void LoadFile_CompletionsLongerThanTheModelTakes_AreAProblem()
    {
        var problem = Should.Throw<RecipeException>(() => Load("models/tiny", maxNewTokens: 60)).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Allowed.StartsWith("at most 57: stages.base.path, 64", StringComparison.Ordinal))
            .ShouldBe(("stages.rl.sampling.maxNewTokens", true), problem.ToString());
    }

    [Fact]
    public void LoadFile_ImportedModel_TakesAnyPrompt() => Load("models/tiny", prompt: "r1-zero").Recipe.Stages.Count.ShouldBe(2);

    private RecipeProblem Problem(string path)
    {
        var problem = Should.Throw<RecipeException>(() => Load(path)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("stages.base.path");
        return problem;
    }

    private LoadedRecipe Load(string path, int maxNewTokens = 40, string prompt = "plain") =>
        RecipeLoader.LoadFile(Write("recipe.json", Recipe(path, maxNewTokens, prompt)), DatasetReader.Instance);

    private string Write(string name, string text)
    {
        var file = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    private static string Recipe(string path, int maxNewTokens = 40, string prompt = "plain") => $$"""
        {
          "name": "imported", "tasks": { "add": { "kind": "arithmetic" } },
          "stages": {
            "base": { "kind": "import", "path": "{{path}}" },
            "rl": {
              "kind": "rl", "from": "base", "task": "add", "questions": 8, "groupSize": 4, "miniBatches": 2, "rewards": { "accuracy/exact": 1 },
              "prompt": { "template": "{{prompt}}" }, "sampling": { "maxNewTokens": {{maxNewTokens}} }
            }
          }
        }
        """;
}
