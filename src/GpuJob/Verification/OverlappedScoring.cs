using System.Text.Json;
using R1Cloud.GpuJob.Rewards;

namespace R1Cloud.GpuJob.Verification;

/// <summary>Scores completions by a recipe's rewards as they come: those that can hang go to verifiers, beside generation; the others are scored here.</summary>
/// <param name="rewards">The recipe's rewards.</param>
/// <param name="verifiers">The verifiers, called for only when one of the rewards is to be isolated; null for those of the process.</param>
internal sealed class OverlappedScoring(RewardSum rewards, Func<VerifierPool>? verifiers = null)
{
    private readonly IReadOnlyDictionary<string, JsonElement?> options = rewards.Options;
    private readonly string[] isolated = [.. rewards.Names.Where(name => IsolatedRewards.TimeLimit(name) is not null)];

    /// <summary>Whether any reward goes to verifiers, so that scoring early overlaps generation.</summary>
    public bool Overlaps => isolated.Length > 0;

    /// <summary>Scores a completion by every reward.</summary>
    /// <exception cref="Shared.Jobs.BadInputException">The recipe or the data row is at fault.</exception>
    /// <exception cref="Rewards.Code.Sandboxing.SandboxUnavailableException">This machine lacks what a reward needs.</exception>
    public async Task<ScoredCompletion> ScoreAsync(Completion completion, CancellationToken cancellation)
    {
        if (isolated.Length == 0) return rewards.Score(completion);
        var verdicts = await (verifiers?.Invoke() ?? VerifierPool.Shared).ScoreAsync([.. isolated.Select(name => new VerificationRequest(name, completion, options[name]))], cancellation);
        return rewards.Score(completion, isolated.Zip(verdicts).ToDictionary(pair => pair.First, pair => pair.Second));
    }
}
