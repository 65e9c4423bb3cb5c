namespace R1Cloud.Shared.Recipes;

/// <summary>The countdown game: an expression over the row's numbers reaches its target (TinyZero).</summary>
public sealed record CountdownOptions
{
    /// <summary>Whether every number must be used, or each at most once.</summary>
    public bool UseAll { get; init; } = true;

    /// <summary>The score of an expression over the right numbers that misses the target (TinyZero gives 0.1).</summary>
    [Bounds(Min = 0, Max = 1)]
    public double FormScore { get; init; }
}
