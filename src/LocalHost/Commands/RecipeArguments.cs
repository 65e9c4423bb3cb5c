using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Datasets;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.LocalHost.Commands;

/// <summary>A recipe on the command line: a file, and what is set over it.</summary>
internal sealed class RecipeArguments
{
    private readonly Argument<string> file = new("recipe") { Description = "The recipe: a JSON file." };
    private readonly Option<long?> seed = new("--seed") { Description = "The run's seed, in place of the recipe's." };
    private readonly Option<string[]> set = new("--set")
    {
        Description = "Sets a field of the recipe, e.g. stages.r1-zero.iterations=50; may be given often.",
        HelpName = "path=value",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Adds the arguments to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(file);
        command.Options.Add(seed);
        command.Options.Add(set);
    }

    /// <summary>The file as it was named.</summary>
    public string File(ParseResult parsed) => parsed.GetValue(file)!;

    /// <summary>Reads the recipe and checks it.</summary>
    /// <exception cref="RecipeException">It cannot be run.</exception>
    /// <exception cref="BadInputException">A <c>--set</c> is not of the form path=value.</exception>
    public LoadedRecipe Load(ParseResult parsed)
    {
        var path = File(parsed);
        List<string> settings = [.. parsed.GetValue(set) ?? []];
        if (parsed.GetValue(seed) is { } number) settings.Add(string.Create(CultureInfo.InvariantCulture, $"seed={number}"));
        var loaded = RecipeLoader.LoadFile(path, DatasetReader.Instance);
        return settings.Count == 0 ? loaded : RecipeLoader.Parse(
            Set(loaded.ResolvedJson, settings), $"{path} with {string.Join(' ', settings)}",
                [.. settings.Select(setting => setting.Split('=', 2)[0])]);
    }

    /// <summary>Sets fields of a resolved recipe; the loader judges whether they exist.</summary>
    internal static string Set(string resolved, IEnumerable<string> settings)
    {
        var recipe = JsonNode.Parse(resolved)!.AsObject();
        foreach (var setting in settings)
        {
            var (path, text) = setting.Split('=', 2) is [{ Length: > 0 } left, var right]
                ? (left.Split('.'), right)
                : throw new BadInputException($"--set {setting}: path=value is needed, e.g. stages.r1-zero.iterations=50.");
            var holder = recipe;
            foreach (var name in path[..^1])
            {
                holder = holder[name] as JsonObject ?? throw new BadInputException(
                    $"--set {setting}: '{name}' is not there; {string.Join(", ", holder.Select(field => field.Key))} are.");
            }
            holder[path[^1]] = Value(text);
        }
        return recipe.ToJsonString();
    }

    /// <summary>JSON where it is JSON, else text: no quotes are needed around names.</summary>
    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
