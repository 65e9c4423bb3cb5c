using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>
/// The countdown game: <c>2,3,7=23?</c> asks for an expression (+, −, ×, brackets) that uses each number once and is worth 23. Graded by
/// <c>accuracy/countdown</c>.
/// </summary>
public sealed record CountdownTask : TaskRecipe
{
    /// <summary>Numbers given.</summary>
    [Bounds(Min = 2, Max = 3)]
    public int Numbers { get; init; } = 2;

    /// <summary>The greatest of them; the least is 1.</summary>
    [Bounds(Min = 2, Max = 50)]
    public int Maximum { get; init; } = 20;

    /// <summary>Most expressions that a worked example tries, the right one included.</summary>
    [Bounds(Min = 1, Max = 16)]
    public int Tries { get; init; } = 3;

    /// <summary>Share of all problems, chosen by hash, that is held out for evaluation, in percent.</summary>
    [Bounds(Min = 1, Max = 50)]
    public int HeldOutPercent { get; init; } = 20;
}
