using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RecipeSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(RecipeSchema.Generate())!.AsObject();

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(RecipeSamples.RecipesFolder, "*.json", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".schema.json", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(RecipeSamples.RecipesFolder, file))];

    public static TheoryData<BadRecipe> Bad => new(BadRecipes.All.Where(bad => bad.InSchema));

    [Fact]
    public void Generate_Now_IsWhatIsCommitted() =>
        Committed.Check(Path.Combine(RecipeSamples.RecipesFolder, "recipe.schema.json"), RecipeSchema.Generate());

    [Theory]
    [MemberData(nameof(Files))]
    public void Schema_RecipesOfTheRepository_AreAllowed(string file) =>
        MiniSchema.Allows(Schema, Parse(File.ReadAllText(Path.Combine(RecipeSamples.RecipesFolder, file))))
            .ShouldBe(file != Path.Combine("presets", "r1-zero.json"), "the others are whole, or extend one");

    [Fact]
    public void Schema_Presets_LackOnlyWhatTheExtendingRecipeBrings()
    {
        foreach (var name in RecipePresets.Names)
        {
            var preset = Parse(RecipePresets.Read(name))!.AsObject();
            preset["extends"] = null; // a part of a recipe
            MiniSchema.Allows(Schema, preset).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void Schema_GoodAndResolvedRecipes_AreAllowed()
    {
        MiniSchema.Allows(Schema, Parse(RecipeSamples.Good)).ShouldBeTrue();
        MiniSchema.Allows(Schema, Parse(RecipeLoader.Parse(RecipeSamples.Good, "x").ResolvedJson)).ShouldBeTrue();
        MiniSchema.Allows(Schema,
            Parse("""{ "extends": "r1-zero", "name": "a", "stages": { "r1-zero": { "iterations": 3, "loss": null }, "x": null } }"""))
            .ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Schema_BadRecipe_IsRefusedAsByTheLoader(BadRecipe bad)
    {
        MiniSchema.Allows(Schema, Parse(bad.Json)).ShouldBeFalse();
        RecipeSamples.Fails(bad.Json).Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public void Schema_Records_AreDefinedOnceAndUsed()
    {
        var definitions = Schema["$defs"]!.AsObject();
        definitions.Select(definition => definition.Value!.ToJsonString()).ShouldBeUnique();
        References(Schema).Distinct().Order(StringComparer.Ordinal).ShouldBe(definitions.Select(definition => $"#/$defs/{definition.Key}"));
        Inline(Schema).ShouldBeEmpty();

        static IEnumerable<string> References(JsonNode? node) => node switch
        {
            JsonObject schema => schema.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
            JsonArray list => list.SelectMany(References),
            _ => [],
        };

        // Only definitions and the recipe itself list fields, and the objects that stand for a reward, no two of which are the same.
        IEnumerable<string> Inline(JsonNode? node) => node switch
        {
            JsonObject schema => schema.SelectMany(member => Inline(member.Value)).Concat(
                schema["additionalProperties"]?.GetValueKind() == JsonValueKind.False && schema != Schema && schema.Parent != definitions
                    && schema.Parent?.Parent != definitions["RewardRecipe"] ? [schema.GetPath()] : []),
            JsonArray list => list.SelectMany(Inline),
            _ => [],
        };
    }

    [Fact]
    public void Schema_EveryField_HasADescription()
    {
        var bare = new List<string>();
        Walk(MiniSchema.WithoutReferences(Schema), "");
        bare.ShouldBeEmpty();

        void Walk(JsonNode? node, string path)
        {
            if (node is JsonArray array) foreach (var item in array) Walk(item, path);
            if (node is not JsonObject schema || path.EndsWith("/then", StringComparison.Ordinal)
                || path.EndsWith("/if", StringComparison.Ordinal)) return;
            foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
            {
                if (property is JsonObject p && !p.ContainsKey("const") && string.IsNullOrWhiteSpace((string?)p["description"]))
                    bare.Add($"{path}.{name}");
            }
            foreach (var (name, inner) in schema) Walk(inner, $"{path}/{name}");
        }
    }

    [Fact]
    public void Schema_Defaults_AreThoseOfTheirPlace() // an optimizer's rate is 0.0015 in pretraining, 3e-6 in RL and 5e-6 in fine-tuning
    {
        var kinds = MiniSchema.WithoutReferences(Schema)["properties"]!["stages"]!["additionalProperties"]!["anyOf"]!.AsArray();
        kinds.Select(kind => (double?)kind!["properties"]!["optimizer"]?["properties"]!["learningRate"]!["default"])
            .ShouldBe([null, 1.5e-3, 3e-6, null, null, 5e-6, 6e-6, 5e-6, null]);
    }

    private static JsonNode? Parse(string json) =>
        JsonNode.Parse(json,
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
}

/// <summary>Holds a committed file to what the code generates.</summary>
internal static class Committed
{
    private const string Variable = "R1_REGENERATE";

    /// <summary>Fails when the file is not the given text; with R1_REGENERATE=1 in the environment it writes the file instead.</summary>
    public static void Check(string file, string generated)
    {
        if (Environment.GetEnvironmentVariable(Variable) == "1") File.WriteAllText(file, generated);
        var committed = File.Exists(file) ? File.ReadAllText(file) : "";
        if (committed == generated) return;
        var line = committed.Split('\n').Zip(generated.Split('\n')).TakeWhile(pair => pair.First == pair.Second).Count() + 1;
        Assert.Fail(
            $"{file} is not what the records say, from line {line} on. Run the tests of src/Shared once with {Variable}=1 in the "
            + $"environment, look at the difference and commit it.");
    }
}
