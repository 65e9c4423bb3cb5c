using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>
/// Sums of small numbers in words, in several languages: <c>seven plus eight plus four=</c> and <c>七加八加四=</c>. A problem has its language
/// in a column <c>language</c>.
/// </summary>
public sealed record NumberWordsTask : TaskRecipe
{
    /// <summary>The languages that problems are asked in, each as often.</summary>
    [NotEmpty]
    public IReadOnlyList<TaskLanguage> Languages { get; init; } = [TaskLanguage.En, TaskLanguage.Zh];

    /// <summary>Numbers to add.</summary>
    [Bounds(Min = 2, Max = 4)]
    public int Terms { get; init; } = 3;

    /// <summary>The greatest of them; the least is 1.</summary>
    [Bounds(Min = 2, Max = 24)]
    public int Maximum { get; init; } = 9;

    /// <summary>
    /// Share of all sums, chosen by hash, that is held out for evaluation, in percent; a sum is held out in all orders and languages.
    /// </summary>
    [Bounds(Min = 1, Max = 50)]
    public int HeldOutPercent { get; init; } = 20;
}
