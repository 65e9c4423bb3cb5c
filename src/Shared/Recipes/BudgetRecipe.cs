using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>What a run may cost. It pauses before it would spend more.</summary>
public sealed record BudgetRecipe
{
    /// <summary>The currency of budgets that count worker hours, whatever they cost.</summary>
    public const string Hours = "hours";

    /// <summary>How much.</summary>
    [Bounds(Above = 0, Max = 1_000_000_000)]
    public required double Amount { get; init; }

    /// <summary>The currency of the host's prices, e.g. USD; <c>hours</c> counts worker hours, on any host.</summary>
    [Currency]
    public required string Currency { get; init; }

    /// <summary>The share of the amount from which on the run's status warns.</summary>
    [Bounds(Above = 0, Max = 1)]
    public double WarnAt { get; init; } = 0.8;
}
