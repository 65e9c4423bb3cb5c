using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>Where the log-probabilities come from that the policy's ratio is taken to.</summary>
public enum OldLogProbs
{
    /// <summary>Those that the sampler gave.</summary>
    Recorded,
    /// <summary>The trainer's own, computed before the update's first step.</summary>
    Recomputed,
}

/// <summary>
/// What is done about the difference between the engine that samples and the trainer, w = π_trainer / π_engine of a token or a completion:
/// weights are multiplied onto the policy loss, not onto the KL term.
/// </summary>
public sealed record MismatchRecipe
{
    /// <summary>What w is of, and what is done with it.</summary>
    public MismatchMode Mode { get; init; } = MismatchMode.TokenTruncate;

    /// <summary>The greatest w: beyond it w is cut to it, or the token or completion is left out.</summary>
    [Bounds(Above = 0)]
    public double High { get; init; } = 2;

    /// <summary>The least w, for the modes that leave out; null for none.</summary>
    [Bounds(Min = 0)]
    public double? Low { get; init; }
}

/// <summary>What is done with the weights of the mismatch.</summary>
public enum MismatchMode
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Each token has its own weight, cut at the greatest (truncated importance sampling).</summary>
    TokenTruncate,
    /// <summary>Each token has its own weight; those outside the bounds are left out.</summary>
    TokenMask,
    /// <summary>All tokens of a completion have the product of its weights, cut at the greatest.</summary>
    SequenceTruncate,
    /// <summary>The same; completions outside the bounds are left out.</summary>
    SequenceMask,
    /// <summary>Completions whose geometric mean weight is outside the bounds are left out; the others have weight 1.</summary>
    GeometricMask,
}
