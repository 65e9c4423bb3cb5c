using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Memory;

/// <summary>What is kept in a device's memory: tokens at once, and models besides the one that is asked or trained.</summary>
public sealed record MemoryDemand
{
    /// <summary>Tokens in the cache of generation, every row at its longest.</summary>
    public double CachedTokens { get; init; }
    /// <summary>Of these what there must be room for: the longest row.</summary>
    public double LeastCachedTokens { get; init; } = 1;
    /// <summary>Tokens of the largest forward and backward pass.</summary>
    public double PassTokens { get; init; }
    /// <summary>How the model is trained; null where it is only asked.</summary>
    public OptimizerRecipe? Training { get; init; }
    /// <summary>What a model that is only asked computes in; one that is trained says so itself.</summary>
    public TrainingPrecision Precision { get; init; }
    /// <summary>Whether there is a reference model.</summary>
    public bool Reference { get; init; }
    /// <summary>Reward models, each taken to be as large as the model.</summary>
    public int RewardModels { get; init; }

    /// <summary>The cache of samples of which so many are asked for in a job.</summary>
    /// <param name="samples">Samples a job.</param>
    /// <param name="tokens">Tokens of the longest, its prompt included.</param>
    public static double Cache(double samples, double tokens)
    {
        const int MostRows = 256; // as the trainer decodes them
        return Math.Min(MostRows, Math.Ceiling(samples)) * tokens;
    }
}
