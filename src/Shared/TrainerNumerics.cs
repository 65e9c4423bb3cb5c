namespace R1Cloud.Shared;

/// <summary>What the trainer computes, as a number: part of every stage's key.</summary>
public static class TrainerNumerics
{
    /// <summary>
    /// Raise it with every change after which the same recipe ends with other weights, data or figures: another order of draws, another
    /// formula, a default that stands in no recipe. Results made before are not reused then.
    /// </summary>
    public const int Version = 4;
}
