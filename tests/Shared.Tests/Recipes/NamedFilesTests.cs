using System.Diagnostics;
using System.Reflection;
using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The files that recipes name, as doors see them.</summary>
public sealed class NamedFilesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-named-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("blob:data/x.jsonl", true)]
    [InlineData("blob:data/folder/", true)]
    [InlineData("blob:a", true)]
    [InlineData("blob:", false)]
    [InlineData("blob:/", false)]
    [InlineData("blob://", false)]
    [InlineData("blob:/data/x.jsonl", false)]
    [InlineData("blob:data//x.jsonl", false)]
    [InlineData("blob:../x.jsonl", false)]
    [InlineData("blob:data/./x.jsonl", false)]
    [InlineData("blob:data/..", false)]
    [InlineData("blob: ", false)]
    [InlineData("blob:a\\\\b", false)]
    [InlineData("blob:a\\u0000b", false)]
    public void Parse_NameInStorage_MustBeOne(string name, bool allowed)
    {
        var json = RecipeSamples.Good.Replace("\"add\": {", $$"""
            "rows": { "kind": "dataset", "files": ["{{name}}"] }, "add": {
            """, StringComparison.Ordinal);
        if (allowed) RecipeLoader.Parse(json, "body");
        else Should.Throw<RecipeException>(() => RecipeLoader.Parse(json, "body")).Problems.ShouldHaveSingleItem()
            .Path.ShouldStartWith("tasks.rows.files");
    }

    [Fact]
    public void Find_EveryFieldThatNamesFiles_IsKnown()
    {
        var marked = typeof(Recipe).Assembly.GetTypes()
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(property => property.IsDefined(typeof(DataFileAttribute))).Select(property => property.Name)
                .Order(StringComparer.Ordinal);
        var found = LocalPaths.Find("""
            {
              "tasks": { "t": { "files": ["/1"], "heldOutFiles": ["/2"], "against": ["/3"], "difficulty": { "passRates": "/4" } } },
              "stages": { "m": { "path": "/5" } }
            }
            """);
        marked.ShouldBe(["Against", "Files", "HeldOutFiles", "PassRates", "Path"]);
        found.Select(local => local.Path).ShouldBe(["/1", "/2", "/3", "/4", "/5"], ignoreOrder: true);
    }

    [Fact]
    public void Load_PipeInPlaceOfAFile_IsAProblemAtOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not tell a pipe from a file.");
        var pipe = Path.Combine(folder.FullName, "pipe.jsonl");
        using (var made = Process.Start("mkfifo", pipe)) made.WaitForExit();
        Should.Throw<DatasetException>(() => Dataset.Load(new DatasetTask { Files = [pipe] })).Message.ShouldContain("no regular file");
    }

    /// <summary>
    /// What a recipe names is pushed to storage: a stranger's must not bring other files there by naming one of storage beside them.
    /// </summary>
    [Theory]
    [InlineData("\"files\": [\"blob:x.jsonl\", \"FILE\"]", "files")]
    [InlineData("\"files\": [\"blob:x.jsonl\"], \"heldOutFiles\": [\"FILE\"]", "heldOutFiles")]
    [InlineData("\"files\": [\"blob:x.jsonl\"], \"difficulty\": { \"passRates\": \"FILE\" }", "difficulty.passRates")]
    public void LoadFile_FileThatHoldsNoRowsBesideOneInStorage_IsRefused(string fields, string field)
    {
        var (secret, link, rows) = (At("credentials"), At("link.jsonl"), At("rows.jsonl"));
        File.WriteAllText(secret, "[default]\naws_secret_access_key = x\n");
        File.CreateSymbolicLink(link, secret);
        File.WriteAllText(rows, "{\"prompt\": \"1\", \"answer\": \"1\", \"pass_rate\": 0.5}\n");
        foreach (var (file, taken) in new[] { (secret, false), (link, false), (rows, true) })
        {
            var recipe = At("recipe.json");
            File.WriteAllText(recipe, RecipeSamples.Good.Replace("\"add\": {", $$"""
                "rows": { "kind": "dataset", {{fields.Replace("FILE", file, StringComparison.Ordinal)}} }, "add": {
                """, StringComparison.Ordinal));
            if (taken) RecipeLoader.LoadFile(recipe, DatasetReader.Instance);
            else Should.Throw<RecipeException>(() => RecipeLoader.LoadFile(recipe, DatasetReader.Instance))
                .Problems.ShouldContain(problem => problem.Path.StartsWith($"tasks.rows.{field}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Bind_SandboxSwitchedOff_IsRefused()
    {
        var options = System.Text.Json.JsonSerializer.SerializeToElement(new { unsandboxed = true });
        Should.Throw<BadInputException>(() => RewardOptions.Bind<CodeOptions>("accuracy/code", options))
            .Message.ShouldContain("options.unsandboxed");
        // Jobs of an earlier version say that it is on, which it is.
        RewardOptions.Bind<CodeOptions>("accuracy/code",
            System.Text.Json.JsonSerializer.SerializeToElement(new { unsandboxed = false, warm = 2 })).Warm.ShouldBe(2);
        var json = RecipeSamples.Good.Replace("\"accuracy/exact\": 1,",
            "\"accuracy/code\": { \"weight\": 1, \"options\": { \"unsandboxed\": true } },", StringComparison.Ordinal);
        Should.Throw<RecipeException>(() => RecipeLoader.Parse(json, "body"))
            .Problems.ShouldContain(problem => problem.Path.EndsWith("options.unsandboxed", StringComparison.Ordinal));
    }

    private string At(string name) => Path.Combine(folder.FullName, name);
}
