using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class RecipeFuzzTests
{
    private static readonly string[] Values =
        ["null", "true", "0", "-1", "1", "2.5", "1e308", "1e-300", "1e999", "-1e999", "99999999999999999999", "9223372036854775807",
            "2147483647", "\"\"", "\"add\"", "\"base\"", "\"zero\"", "\"NaN\"", "\"a.b\"", "{}", "[]", "[{}]", "{\"kind\":\"rl\"}",
            "{\"kind\":{}}", "{\"\":0}"];

    private const string Noise = "{}[]\",:0-e.\\/*\n\0\ud800é\uFEFF";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(4, true)]
    public void Parse_MutatedValues_LoadsOrNamesTheProblem(ulong seed, bool sources)
    {
        var random = new SeededRandom(seed);
        var bad = 0;
        for (var round = 0; round < 800; round++)
        {
            var recipe = JsonNode.Parse(sources ? SourcesRecipeTests.Good : RecipeSamples.Good)!.AsObject();
            for (var changes = 1 + random.Next(3); changes > 0; changes--) Mutate(recipe, random);
            if (!Loads(recipe.ToJsonString())) bad++;
        }
        bad.ShouldBeInRange(200, 799); // neither all nor none: the mutations mean something
    }

    [Fact]
    public void Parse_MutatedText_LoadsOrNamesTheProblem()
    {
        var random = new SeededRandom(3);
        var bad = 0;
        for (var round = 0; round < 600; round++)
        {
            var text = RecipeSamples.Good.ToCharArray().ToList();
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                var at = random.Next(text.Count);
                if (random.Chance(0.4)) text.RemoveRange(at, Math.Min(text.Count - at, 1 + random.Next(12)));
                else text.Insert(at, Noise[random.Next(Noise.Length)]);
            }
            if (!Loads(new string([.. text]))) bad++;
        }
        bad.ShouldBeInRange(200, 599);
    }

    private static bool Loads(string json)
    {
        try
        {
            var loaded = RecipeLoader.Parse(json, "fuzz.json");
            RecipeCheck.Summarize(loaded).Stages.Count.ShouldBe(loaded.Recipe.Stages.Count);
            RecipeLoader.Parse(loaded.ResolvedJson, "again.json").Hash.ShouldBe(loaded.Hash);
            return true;
        }
        catch (RecipeException e)
        {
            e.Problems.ShouldNotBeEmpty();
            e.Problems.ShouldAllBe(p =>
                p.Line > 0 && p.Column > 0 && p.Message.Length > 0 && p.Allowed.Length > 0 && p.File == "fuzz.json");
            return false;
        }
    }

    private static void Mutate(JsonObject root, SeededRandom random)
    {
        var all = Objects(root).Where(o => o.Count > 0).ToList();
        if (all.Count == 0) return;
        var target = all[random.Next(all.Count)];
        var (name, value) = target.ElementAt(random.Next(target.Count));
        switch (random.Next(5))
        {
            case 0: target.Remove(name); break;
            case 1: target[name] = JsonNode.Parse(Values[random.Next(Values.Length)]); break;
            case 2: target.Remove(name); target.Insert(0, name + "x", value?.DeepClone()); break;
            case 3: target[name] = all[random.Next(all.Count)].DeepClone(); break;
            default: target[name] = Number(value, random) ?? JsonNode.Parse(Values[random.Next(Values.Length)]); break;
        }
    }

    private static JsonValue? Number(JsonNode? value, SeededRandom random) =>
        value?.GetValueKind() == System.Text.Json.JsonValueKind.Number
            ? JsonValue.Create(Math.Round(value.GetValue<double>() * (1 + random.Next(3)))) : null;

    private static IEnumerable<JsonObject> Objects(JsonNode? node) =>
        node is JsonObject o ? o.Select(member => member.Value).SelectMany(Objects).Prepend(o) : [];
}
