using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Shapes;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>The tables of docs/recipes.md and docs/rewards.md are generated from the records, so that no field goes undocumented.</summary>
public sealed class RecipeReferenceTests
{
    private const string Begin = "<!-- fields: generated from src/Shared/Recipes -->\n", End = "<!-- end of fields -->\n";

    private static readonly JsonSerializerOptions Readable = new(R1Json.Options) {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Fields_Page_IsWhatTheRecordsSay() => Check("recipes.md", Tables());

    [Fact]
    public void Options_Page_AreWhatTheRecordsSay() => Check("rewards.md", Options());

    [Fact]
    public void Page_KnownNamesAndPresets_AreAllMentioned()
    {
        var page = File.ReadAllText(PageOf("recipes.md"));
        foreach (var name in KnownNames.Losses.Concat(KnownNames.Prompts).Concat(RecipePresets.Names)) page.ShouldContain($"`{name}`");
        page = File.ReadAllText(PageOf("rewards.md"));
        foreach (var name in RewardCatalog.Names)
            page.Split(Begin)[0].ShouldContain($"`{name}`", Case.Sensitive, "the page says what it scores");
    }

    private static string PageOf(string name) => Path.Combine(RecipeSamples.Root, "docs", name);

    private static void Check(string name, string tables)
    {
        var page = File.ReadAllText(PageOf(name));
        page.ShouldContain(Begin);
        page.ShouldContain(End);
        Committed.Check(PageOf(name),
            page[..(page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)] + tables
            + page[page.IndexOf(End, StringComparison.Ordinal)..]);
    }

    // A table a record of options; rewards that share a record share the table.
    private static string Options()
    {
        var (text, docs) = (new StringBuilder(), XmlDocs.Load());
        foreach (var rewards in RewardCatalog.OptionTypes.Where(reward => reward.Value != typeof(NoRewardOptions))
            .GroupBy(reward => reward.Value, reward => $"`{reward.Key}`"))
            Table(text, docs, string.Join(", ", rewards), RecipeShape.ObjectOf(rewards.Key));
        return text.ToString();
    }

    private static string Tables()
    {
        var (text, docs) = (new StringBuilder(), XmlDocs.Load());
        Table(text, docs, "The recipe", RecipeShape.Recipe);
        foreach (var field in RecipeShape.Recipe.Fields)
        {
            if (field.Shape is not MapShape { Value: UnionShape union }) continue;
            foreach (var (kind, record) in union.Kinds) Table(text, docs, $"`{field.Name}`, kind `{kind}`", record);
        }
        return text.ToString();
    }

    private static string InLines(string prose)
    {
        var lines = new StringBuilder();
        var length = 0;
        foreach (var word in prose.Split(' '))
        {
            var breaks = length > 0 && length + 1 + word.Length > 140;
            if (length > 0) lines.Append(breaks ? '\n' : ' ');
            lines.Append(word);
            length = breaks || length == 0 ? word.Length : length + 1 + word.Length;
        }
        return lines.ToString();
    }

    private static void Table(StringBuilder text, XmlDocs docs, string title, ObjectShape shape)
    {
        text.Append($"\n### {title}\n\n{InLines(docs.Of(shape.Type))}\n\n| field | allowed | default | meaning |\n|---|---|---|---|\n");
        Rows(shape, "", null);
        text.Append('\n');

        void Rows(ObjectShape shape, string prefix, object? given)
        {
            var defaults = given ?? shape.Defaults();
            foreach (var field in shape.Fields)
            {
                var value = field.Property.GetValue(defaults);
                var inner = field.Shape as ObjectShape;
                var standard = field.Required && given is null ? "**required**" : value is null ? "none" : value is ""
                    ? "empty" : inner is not null || field.Shape is MapShape
                    ? "" : $"`{JsonSerializer.Serialize(value, value.GetType(), Readable).Trim('"')}`";
                text.Append(
                    $"| `{prefix}{field.Name}` | {(inner is null ? Allowed(field) : "an object")} | {standard} "
                    + $"| {docs.Of(field.Property)} |\n");
                if (inner is not null) Rows(inner, $"{prefix}{field.Name}.", value);
                if (field.Shape is MapShape { Value: ObjectShape entry }) Rows(entry, $"{prefix}{field.Name}.NAME.", null);
            }
        }
    }

    private static string Allowed(RecipeField field) => field.Shape switch
    {
        MapShape { Value: UnionShape } => $"{field.Allowed}; names: {field.NameRules[0].Allowed}",
        MapShape { Value: RewardShape rewards } => $"{field.Allowed}: each {rewards.Words}; names and options: [rewards.md](rewards.md)",
        MapShape => $"{field.Allowed}: each {field.AllowedValues}; names: {field.NameRules[0].Allowed}",
        _ => field.Allowed,
    };
}
