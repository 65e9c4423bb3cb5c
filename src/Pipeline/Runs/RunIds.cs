using System.Text.RegularExpressions;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Run ids: parts of blob paths, queue names and instance ids, so they are what all of these allow.</summary>
public static partial class RunIds
{
    /// <summary>The longest run id; a queue's name may have 63 characters.</summary>
    public const int MaxLength = 54;

    /// <summary>What a run id may be, in words.</summary>
    public const string Allowed =
        "lower-case letters, digits and single dashes, beginning and ending with a letter or digit, at most 54 characters";

    /// <summary>The id of a recipe's run where nobody names one: <c>{name}-{first 8 digits of the recipe's hash}</c>.</summary>
    public static string Of(LoadedRecipe recipe) => $"{recipe.Recipe.Name}-{recipe.Hash[..8]}";

    /// <summary>Whether a text is a run id.</summary>
    public static bool IsValid(string id) => id.Length <= MaxLength && Pattern().IsMatch(id);

    /// <summary>Refuses what is no run id.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void Check(string id)
    {
        if (!IsValid(id)) throw new InvalidRequestException("id", id, Allowed);
    }

    [GeneratedRegex("^[a-z0-9](-?[a-z0-9])*\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
