using System.Globalization;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.LocalHost.Commands;

/// <summary>Run ids that the same recipe always gets again.</summary>
internal static class RunNames
{
    /// <summary><c>{name}-{first 8 digits of the recipe's hash}</c>.</summary>
    public static string For(LoadedRecipe recipe) => RunIds.Of(recipe);

    /// <summary>The recipe's first id that is not taken: with <c>-2</c>, <c>-3</c>… appended.</summary>
    public static async Task<string> FreshAsync(LoadedRecipe recipe, Func<string, Task<bool>> taken)
    {
        var id = For(recipe);
        for (var number = 2; await taken(id); number++) id = string.Create(CultureInfo.InvariantCulture, $"{For(recipe)}-{number}");
        return id;
    }
}
