namespace R1Cloud.Rewards.Verification;

/// <summary>
/// Rewards that can hang or bring their process down, and so run in verifiers of their own; all others are pure and quick.
/// </summary>
internal static class IsolatedRewards
{
    /// <summary>The limit of a reward that has none of its own.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, TimeSpan> Limits = new(StringComparer.Ordinal)
    {
        // Far above the rewards' own limits, which give a verdict and do not depend on how busy the machine is: these are for a verifier
        // that fails.
        ["accuracy/code"] = TimeSpan.FromHours(1),
        ["accuracy/math"] = TimeSpan.FromMinutes(5),
    };

    /// <summary>How long one scoring may take; null when the reward is scored in this process.</summary>
    public static TimeSpan? TimeLimit(string reward) => Limits.TryGetValue(reward, out var limit) ? limit : null;
}
