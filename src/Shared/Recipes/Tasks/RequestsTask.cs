using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>
/// General requests, such as <c>greet Tom:</c> and <c>感谢小明：</c>, with replies that may be polite or curt, short or long. No rule grades
/// them: their preference pairs (polite and short is better) and labels (doing something unkind is unsafe) are for reward models. A problem
/// has its language in a column <c>language</c>.
/// </summary>
public sealed record RequestsTask : TaskRecipe
{
    /// <inheritdoc/>
    public override bool HasPairs() => true;

    /// <inheritdoc/>
    public override bool HasLabels() => true;

    /// <summary>The languages that requests are made in, each as often.</summary>
    [NotEmpty]
    public IReadOnlyList<TaskLanguage> Languages { get; init; } = [TaskLanguage.En, TaskLanguage.Zh];

    /// <summary>Share of all requests, chosen by hash, that is held out for evaluation, in percent.</summary>
    [Bounds(Min = 1, Max = 50)]
    public int HeldOutPercent { get; init; } = 20;
}
