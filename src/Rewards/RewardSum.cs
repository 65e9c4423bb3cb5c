using System.Text.Json;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards;

/// <summary>A recipe's rewards: the weighted sum of named functions.</summary>
internal sealed class RewardSum
{
    private readonly Part[] parts;

    /// <summary>Makes the functions.</summary>
    /// <param name="rewards">The recipe's rewards by name.</param>
    /// <exception cref="BadInputException">A name or an option is unknown or not allowed, or the weights are too large.</exception>
    public RewardSum(IReadOnlyDictionary<string, RewardRecipe> rewards)
    {
        if (!(RewardRecipe.Total(rewards) <= RewardRecipe.MostWeight))
            throw new BadInputException(
                FormattableString.Invariant(
                    $"The sizes of the rewards' weights add up to {RewardRecipe.Total(rewards)}; at most {RewardRecipe.MostWeight} is allowed."));
        parts =
        [
            .. rewards.Select(reward =>
                new Part(reward.Key, reward.Value, RewardFunctions.Find(reward.Key).LooksAtVerdicts,
                    RewardFunctions.Create(reward.Key, reward.Value.Options)))
                .OrderBy(part => part.LooksAtVerdicts).ThenBy(part => part.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The functions' names.</summary>
    public IReadOnlyList<string> Names => [.. parts.Select(part => part.Name)];

    /// <summary>The families that the functions belong to, e.g. <c>accuracy</c>, <c>format</c>, <c>language</c>.</summary>
    public IReadOnlyList<string> Families => [.. parts.Select(part => part.Name.Split('/')[0]).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether a function of that family is among them.</summary>
    public bool HasFamily(string family) => Families.Contains(family, StringComparer.Ordinal);

    /// <summary>The functions' options as the recipe has them, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement?> Options => parts.ToDictionary(part => part.Name, part => part.Settings.Options);

    /// <summary>Scores a completion by every function.</summary>
    /// <param name="completion">The completion.</param>
    /// <param name="known">Verdicts that verifiers gave already; those functions are not called.</param>
    public ScoredCompletion Score(Completion completion, IReadOnlyDictionary<string, Reward>? known = null)
    {
        var verdicts = new Dictionary<string, Reward>(parts.Length, StringComparer.Ordinal);
        foreach (var part in parts)
            verdicts.Add(part.Name, Judge(part, part.LooksAtVerdicts ? completion with { Verdicts = verdicts } : completion, known));
        return new(
            parts.Sum(part => part.Settings.Weight * verdicts[part.Name].Score),
            verdicts,
            Dropped: parts.Any(part => part.Settings.OnError == RewardErrorPolicy.Drop && !verdicts[part.Name].Judged));
    }

    // A function that throws must not take the run with it, nor pass for one that found nothing: it is counted as what it is. Bad settings
    // end the job.
    private static Reward Judge(Part part, Completion completion, IReadOnlyDictionary<string, Reward>? known)
    {
        try
        {
            var reward = known is not null && known.TryGetValue(part.Name, out var verdict) ? verdict : part.Score(completion);
            if (!reward.Judged) return reward with { Score = 0 };
            return double.IsFinite(reward.Score) ? reward : Reward.Failed($"the score is {reward.Score}");
        }
        catch (Exception e) when (e is not (BadInputException or NonFiniteException or OperationCanceledException or OutOfMemoryException))
        {
            return Reward.Failed($"{e.GetType().Name}: {e.Message}");
        }
    }

    private sealed record Part(string Name, RewardRecipe Settings, bool LooksAtVerdicts, RewardFunction Score);
}

/// <summary>A completion's reward and where it comes from.</summary>
/// <param name="Total">The weighted sum.</param>
/// <param name="Verdicts">By reward function.</param>
/// <param name="Dropped">Whether a function could not judge it and the recipe says to drop it then: the total means nothing.</param>
internal sealed record ScoredCompletion(double Total, IReadOnlyDictionary<string, Reward> Verdicts, bool Dropped = false)
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
