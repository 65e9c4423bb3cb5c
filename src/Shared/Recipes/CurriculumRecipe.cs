using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// A difficulty pool: problems that were asked, by the share of right samples that they had when they were last asked. An iteration asks
/// those of middling difficulty again, from which a group's advantages come, and some others to find more of them.
/// </summary>
public sealed record CurriculumRecipe
{
    /// <summary>The lowest pass rate of a problem that is asked again.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double Low { get; init; } = 0.1;

    /// <summary>The highest.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double High { get; init; } = 0.9;

    /// <summary>The share of the questions that goes to other problems: new ones, and after those any outside of the band.</summary>
    [Bounds(Min = 0, Below = 1)]
    public double Explore { get; init; } = 0.25;
}
