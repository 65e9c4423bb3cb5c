using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Hub.Publishing;

/// <summary>
/// The card of a published model: what it was trained from, by which recipe, on which data, and the figures that the run measured. It says
/// nothing that the run's own files do not.
/// </summary>
/// <param name="name">The repository.</param>
/// <param name="recipe">The resolved recipe.</param>
/// <param name="report">The run's <c>report.json</c>.</param>
/// <param name="isAdapter">Whether an adapter is published.</param>
/// <param name="license">The license, by the Hub's name of it; null for none named.</param>
public sealed class ModelCard(string name, Recipe recipe, JsonObject report, bool isAdapter, string? license)
{
    /// <summary>The card, in Markdown below YAML.</summary>
    public string ToMarkdown()
    {
        var card = new StringBuilder();
        FrontMatter(card);
        card.AppendLine(CultureInfo.InvariantCulture, $"# {name.Split('/')[^1]}").AppendLine();
        card.AppendLine(CultureInfo.InvariantCulture,
            $"Trained with R1 Cloud by the recipe `{recipe.Name}` (SHA-256 `{Text("recipeHash")}`), seed {recipe.Seed}, in the run")
            .AppendLine(CultureInfo.InvariantCulture,
                $"`{Text("runId")}`.{(recipe.Description is { } about ? $" {OneLine(about)}" : "")}").AppendLine();
        Stages(card);
        Figures(card);
        Data(card);
        card.AppendLine("## Recipe").AppendLine().AppendLine("All settings, defaults among them:").AppendLine();
        var fence = Fence(Portable());
        card.AppendLine(fence + "json").AppendLine(Portable()).AppendLine(fence);
        return card.ToString().ReplaceLineEndings("\n");
    }

    private void FrontMatter(StringBuilder card)
    {
        card.AppendLine("---");
        if (license is not null) card.AppendLine(CultureInfo.InvariantCulture, $"license: {license}");
        List("base_model", Models());
        List("datasets", recipe.Tasks.Values.OfType<DatasetTask>().SelectMany(task => task.AllFiles()).Where(HubName.Is)
            .Select(file => HubName.Parse(file).Repository));
        card.AppendLine(CultureInfo.InvariantCulture, $"library_name: {(isAdapter ? "peft" : "transformers")}")
            .AppendLine("pipeline_tag: text-generation");
        List("tags", ["reasoning", "r1-cloud"]);
        card.AppendLine("---");

        void List(string field, IEnumerable<string> values)
        {
            var all = values.Distinct().Order(StringComparer.Ordinal).ToList();
            if (all.Count == 0) return;
            card.AppendLine(CultureInfo.InvariantCulture, $"{field}:");
            foreach (var value in all) card.AppendLine(CultureInfo.InvariantCulture, $"- {value}");
        }
    }

    private IEnumerable<string> Models() => recipe.Stages.Values.OfType<ImportStage>().Select(stage => stage.Path).Where(HubName.Is)
        .Select(path => HubName.Parse(path).Repository);

    private void Stages(StringBuilder card)
    {
        card.AppendLine("| stage | kind | from | steps |").AppendLine("|---|---|---|---|");
        foreach (var stage in Objects(report["stages"]))
            card.AppendLine(CultureInfo.InvariantCulture,
                $"| {Cell(stage["name"])} | {Cell(stage["kind"])} | {From(stage)} | {Cell(stage["steps"])} |");
        card.AppendLine();
    }

    private string From(JsonObject stage) => recipe.Stages.GetValueOrDefault(stage["name"]?.ToString() ?? "") is ImportStage import
        ? $"`{PortablePath(import.Path)}`" : Cell(stage["from"]);

    private void Figures(StringBuilder card)
    {
        var rows = Objects(report["stages"]).SelectMany(stage => Objects(stage["benchmarks"])
            .Where(benchmark => benchmark["after"] is JsonObject).Select(benchmark => (Stage: stage, Benchmark: benchmark))).ToList();
        card.AppendLine("## Figures").AppendLine();
        if (rows.Count == 0)
        {
            card.AppendLine("The run measured none.").AppendLine();
            return;
        }
        card.AppendLine("As the run measured them, on problems that it did not learn from:").AppendLine();
        card.AppendLine("| model after | benchmark | problems | greedy | pass@1 | samples | mean tokens |")
            .AppendLine("|---|---|---|---|---|---|---|");
        foreach (var (stage, benchmark) in rows)
        {
            var after = (JsonObject)benchmark["after"]!;
            var interval = Number(after["passAt1Interval"]) is { } half ? $" ± {Percent(half)}" : "";
            card.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ",
                Cell(stage["name"]), Cell(benchmark["name"]), Cell(after["problems"]), Percent(Number(after["greedyAccuracy"])),
                Percent(Number(after["passAt1"])) + interval, Cell(after["samples"]),
                Number(after["meanLength"])?.ToString("0.#", CultureInfo.InvariantCulture) ?? "–")} |");
        }
        card.AppendLine().AppendLine(Number(report["overlap"]) switch
        {
            null => "Whether problems of the benchmarks also occur in the training data was not checked.",
            0 => "No problem of the benchmarks occurs in the training data.",
            var overlap => string.Create(CultureInfo.InvariantCulture,
                $"{overlap} problems of the benchmarks also occur in the training data."),
        }).AppendLine();
    }

    private void Data(StringBuilder card)
    {
        card.AppendLine("## Data").AppendLine();
        foreach (var (task, settings) in recipe.Tasks)
        {
            if (settings is not DatasetTask data)
            {
                card.AppendLine(CultureInfo.InvariantCulture, $"- `{task}`: generated problems");
                continue;
            }
            Line("learned from", data.Files);
            Line("held out", data.HeldOutFiles);
            Line("kept apart from", data.Against);

            void Line(string what, IReadOnlyList<string> files)
            {
                foreach (var file in files) card.AppendLine(CultureInfo.InvariantCulture, $"- `{task}`, {what}: `{PortablePath(file)}`");
            }
        }
        card.AppendLine();
    }

    // A path of the machine that it was trained on is nobody's business.
    private string Portable()
    {
        var json = JsonSerializer.SerializeToNode(recipe, Shared.R1Json.Options)!;
        Shorten(json);
        return json.ToJsonString(new() { WriteIndented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static void Shorten(JsonNode node)
    {
        foreach (var child in node switch
        {
            JsonObject fields => fields.Select(field => field.Value).ToList(), JsonArray items => [.. items], _ => [],
        })
        {
            if (child is JsonValue value && value.TryGetValue(out string? text)
                && Path.IsPathFullyQualified(text)) value.ReplaceWith(PortablePath(text));
            else if (child is not null) Shorten(child);
        }
    }

    private static string PortablePath(string path) => Path.IsPathFullyQualified(path)
        ? Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) : path;

    private string Text(string field) => report[field]?.ToString() ?? "unknown";

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray)?.OfType<JsonObject>() ?? [];

    private static string Cell(JsonNode? value) => value is null ? "–" : OneLine(value.ToString()).Replace("|", "\\|",
        StringComparison.Ordinal);

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private static double? Number(JsonNode? value) => value is JsonValue number && number.TryGetValue(out double found) ? found : null;

    private static string Percent(double? share) => share is { } known ? string.Create(CultureInfo.InvariantCulture,
        $"{100 * known:0.0} %") : "–";

    private static string Fence(string text)
    {
        var fence = "```";
        while (text.Contains(fence, StringComparison.Ordinal)) fence += "`";
        return fence;
    }
}
