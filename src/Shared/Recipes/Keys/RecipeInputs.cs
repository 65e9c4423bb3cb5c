using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Keys;

/// <summary>What of a recipe's inputs is in storage.</summary>
public static class RecipeInputs
{
    /// <summary>
    /// Files and folders that the run finds in its storage, as <c>blob:PATH</c>: whether they are there is known when it starts.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    public static IReadOnlyList<string> StoredInputs(this Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return [.. StageKeys.Files(recipe.Expand()).Where(BlobReference.Is)];
    }
}
