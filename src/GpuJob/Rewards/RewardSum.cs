namespace R1Cloud.GpuJob.Rewards;

/// <summary>A recipe's rewards: the weighted sum of named functions.</summary>
internal sealed class RewardSum
{
    private readonly (string Name, double Weight, RewardFunction Score)[] parts;

    /// <summary>Looks the functions up.</summary>
    /// <param name="weights">Weight by name.</param>
    /// <exception cref="R1Cloud.Shared.Jobs.BadInputException">A name is unknown.</exception>
    public RewardSum(IReadOnlyDictionary<string, double> weights) =>
        parts = [.. weights.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value, RewardFunctions.Get(pair.Key)))];

    /// <summary>The functions' names.</summary>
    public IReadOnlyList<string> Names => [.. parts.Select(part => part.Name)];

    /// <summary>Scores a completion by every function.</summary>
    /// <param name="completion">The completion.</param>
    /// <param name="known">Verdicts that verifiers gave already; those functions are not called.</param>
    public ScoredCompletion Score(Completion completion, IReadOnlyDictionary<string, Reward>? known = null)
    {
        var verdicts = parts.ToDictionary(part => part.Name, part => known is not null && known.TryGetValue(part.Name, out var verdict) ? verdict : part.Score(completion));
        return new(parts.Sum(part => part.Weight * verdicts[part.Name].Score), verdicts);
    }
}

/// <summary>A completion's reward and where it comes from.</summary>
/// <param name="Total">The weighted sum.</param>
/// <param name="Verdicts">By reward function.</param>
internal sealed record ScoredCompletion(double Total, IReadOnlyDictionary<string, Reward> Verdicts)
{
    /// <summary>The first score of a family of functions such as <c>accuracy</c> or <c>format</c>; null when the recipe has none.</summary>
    public double? OfFamily(string family)
    {
        foreach (var (name, verdict) in Verdicts)
        {
            if (name == family || name.StartsWith(family + "/", StringComparison.Ordinal)) return verdict.Score;
        }
        return null;
    }
}
