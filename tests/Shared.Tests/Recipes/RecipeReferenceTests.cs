using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The tables of docs/recipes.md are generated from the records, so that no field goes undocumented.</summary>
public sealed class RecipeReferenceTests
{
    private const string Begin = "<!-- fields: generated from src/Shared/Recipes -->\n", End = "<!-- end of fields -->\n";

    private static readonly JsonSerializerOptions Readable = new(R1Json.Options) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string Page = Path.Combine(RecipeSamples.Root, "docs", "recipes.md");

    [Fact]
    public void Fields_Page_IsWhatTheRecordsSay()
    {
        var page = File.ReadAllText(Page);
        page.ShouldContain(Begin);
        page.ShouldContain(End);
        Committed.Check(Page, page[..(page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)] + Tables() + page[page.IndexOf(End, StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Page_KnownNamesAndPresets_AreAllMentioned()
    {
        var page = File.ReadAllText(Page);
        foreach (var name in KnownNames.Rewards.Concat(KnownNames.Losses).Concat(KnownNames.Prompts).Concat(RecipePresets.Names)) page.ShouldContain($"`{name}`");
    }

    private static string Tables()
    {
        var (text, docs) = (new StringBuilder(), XmlDocs.Load());
        Table("The recipe", RecipeShape.Recipe);
        foreach (var field in RecipeShape.Recipe.Fields)
        {
            if (field.Shape is not MapShape { Value: UnionShape union }) continue;
            foreach (var (kind, record) in union.Kinds) Table($"`{field.Name}`, kind `{kind}`", record);
        }
        return text.ToString();

        void Table(string title, ObjectShape shape)
        {
            text.Append($"\n### {title}\n\n{docs.Of(shape.Type)}\n\n| field | allowed | default | meaning |\n|---|---|---|---|\n");
            Rows(shape, "", null);
            text.Append('\n');
        }

        void Rows(ObjectShape shape, string prefix, object? given)
        {
            var defaults = given ?? shape.Defaults();
            foreach (var field in shape.Fields)
            {
                var value = field.Property.GetValue(defaults);
                var inner = field.Shape as ObjectShape;
                var standard = field.Required && given is null ? "**required**" : value is null ? "none" : inner is not null || field.Shape is MapShape ? "" : $"`{JsonSerializer.Serialize(value, value.GetType(), Readable).Trim('"')}`";
                text.Append($"| `{prefix}{field.Name}` | {(inner is null ? Allowed(field) : "an object")} | {standard} | {docs.Of(field.Property)} |\n");
                if (inner is not null) Rows(inner, $"{prefix}{field.Name}.", value);
            }
        }
    }

    private static string Allowed(RecipeField field) => field.Shape switch
    {
        MapShape { Value: UnionShape } => $"{field.Allowed}; names: {field.NameRules[0].Allowed}",
        MapShape => $"{field.Allowed}: each {field.AllowedValues}; names: {field.NameRules[0].Allowed}",
        _ => field.Allowed,
    };
}
