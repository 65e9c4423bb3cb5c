using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.LocalHost.Commands;

/// <summary>A recipe on the command line: a file, and what is set over it.</summary>
/// <param name="context">Brings what it names on the Hub.</param>
/// <param name="takesRunOptions">Whether it takes a run's <c>--seed</c> and <c>--budget</c>; else the command may have its own.</param>
internal sealed class RecipeArguments(CommandContext context, bool takesRunOptions = true)
{
    private readonly Argument<string> file = new("recipe") { Description = "The recipe: a JSON file." };
    private readonly Option<long?> seed = new("--seed") { Description = "The run's seed, in place of the recipe's." };
    private readonly Option<string[]> set = new("--set")
    {
        Description = "Sets a field of the recipe, e.g. stages.r1-zero.iterations=50; may be given often.",
        HelpName = "path=value",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> budget = new("--budget")
    {
        Description = "What the run may cost, e.g. 12.5 or \"12.5 EUR\", or \"3 hours\" of workers; it pauses before it would spend more.",
        HelpName = "AMOUNT [CURRENCY]",
    };

    /// <summary>Adds the arguments to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(file);
        command.Options.Add(set);
        if (!takesRunOptions) return;
        command.Options.Add(seed);
        command.Options.Add(budget);
    }

    /// <summary>The file as it was named.</summary>
    public string File(ParseResult parsed) => parsed.GetValue(file)!;

    /// <summary>Reads the recipe and checks it.</summary>
    /// <exception cref="RecipeException">It cannot be run.</exception>
    /// <exception cref="BadInputException">A <c>--set</c> is not of the form path=value.</exception>
    public LoadedRecipe Load(ParseResult parsed) => Load(parsed, takesRunOptions ? parsed.GetValue(seed) : null);

    /// <summary>Reads the recipe with a seed of its own, and checks it.</summary>
    /// <exception cref="RecipeException">It cannot be run.</exception>
    /// <exception cref="BadInputException">A <c>--set</c> is not of the form path=value.</exception>
    public LoadedRecipe Load(ParseResult parsed, long? withSeed)
    {
        var path = File(parsed);
        var settings = Settings(parsed, withSeed);
        var amount = takesRunOptions && parsed.GetValue(budget) is { } text ? Budget(text) : null;
        var loaded = RecipeLoader.LoadFile(path, DatasetReader.Instance, context.Hub, FieldsOf(settings));
        if (amount is { } spend)
        {
            settings.Add($"budget={JsonSerializer.Serialize(new
            {
                amount = spend.Amount, currency = spend.Currency ?? loaded.Recipe.Budget?.Currency ?? PriceTable.Default.Currency,
                warnAt = loaded.Recipe.Budget?.WarnAt ?? new BudgetRecipe { Amount = 1, Currency = BudgetRecipe.Hours }.WarnAt,
            })}");
        }
        return settings.Count == 0 ? loaded : RecipeLoader.Parse(
            RecipeSettings.Set(loaded.ResolvedJson, settings.Select(RecipeSettings.Parse)), $"{path} with {string.Join(' ', settings)}",
                FieldsOf(settings), context.Hub);
    }

    private static string[] FieldsOf(IEnumerable<string> settings) => [.. settings.Select(setting => setting.Split('=', 2)[0])];

    /// <summary>The same arguments once more, for another process: the file, and what is set over it.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <param name="more">What is set besides.</param>
    public IReadOnlyList<string> Again(ParseResult parsed, params IEnumerable<string> more) =>
        [Path.GetFullPath(File(parsed)), .. Settings(parsed, null).Concat(more).SelectMany(setting => new[] { set.Name, setting })];

    private List<string> Settings(ParseResult parsed, long? withSeed)
    {
        List<string> settings = [.. parsed.GetValue(set) ?? []];
        if (withSeed is { } number) settings.Add(string.Create(CultureInfo.InvariantCulture, $"seed={number}"));
        return settings;
    }

    private static (double Amount, string? Currency)? Budget(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length is 1 or 2 && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var amount)
            ? (amount, parts.Length > 1 ? parts[1] : null)
            : throw new BadInputException($"--budget {text}: an amount is needed, with its currency or hours if it is not the recipe's.");
    }
}
