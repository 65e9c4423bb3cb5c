using System.Globalization;
using System.Text;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>What a recipe would do, or what is wrong with it: the answer to <c>check</c>.</summary>
/// <param name="File">The recipe's file.</param>
/// <param name="Problems">Everything wrong with it; empty when it can run.</param>
/// <param name="Summary">What it would do; null when it cannot run.</param>
public sealed record RecipeReport(string File, IReadOnlyList<RecipeProblem> Problems, RecipeSummary? Summary)
{
    /// <summary>The report for a terminal: a line a problem, or a table of the stages.</summary>
    public override string ToString() => Summary?.ToString() ?? string.Join(Environment.NewLine,
        [.. Problems.Select(problem => problem.ToString()),
            $"{File}: {(Problems.Count == 1 ? "1 problem" : $"{Problems.Count} problems")}"]);
}

/// <summary>What a recipe would do.</summary>
/// <param name="Name">The recipe's name.</param>
/// <param name="Hash">The first 12 digits of its hash.</param>
/// <param name="Stages">Its stages, in order.</param>
public sealed record RecipeSummary(string Name, string Hash, IReadOnlyList<StageSummary> Stages)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Name} ({Hash})");
        foreach (var s in Stages.Append(Total))
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"  {s.Name,-16} {s.Kind,-16} {(s.Steps is { } steps ? steps.ToString("N0", CultureInfo.InvariantCulture) : "?"),8} "
                + $"steps {s.Jobs,8:N0} jobs {s.Samples,12:N0} samples {s.MaxTokens,15:N0} tokens at most");
        }
        return text.ToString();
    }

    private StageSummary Total =>
        new("total", "", null, Stages.Sum(s => s.Steps), Stages.Sum(s => s.Jobs), Stages.Sum(s => s.Samples), Stages.Sum(s => s.MaxTokens));
}

/// <summary>Checks a recipe without running it.</summary>
public static class RecipeCheck
{
    /// <summary>Loads a recipe and says what it would do. Bad recipes do not throw: their problems are in the report.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="datasets">Reads the data sets that it names.</param>
    /// <param name="hub">Brings what it names on the Hub.</param>
    public static RecipeReport Run(string path, IDatasetReader datasets, IHubReader? hub = null)
    {
        try
        {
            return new(path, [], Summarize(RecipeLoader.LoadFile(path, datasets, hub)));
        }
        catch (RecipeException e)
        {
            return new(path, e.Problems, null);
        }
    }

    /// <summary>What a recipe would do.</summary>
    public static RecipeSummary Summarize(LoadedRecipe loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var (recipe, _, _) = loaded;
        return new(recipe.Name, loaded.ShortHash, [.. recipe.Expand().Stages.Select(stage => stage.Value.Summarize(stage.Key, recipe))]);
    }
}
