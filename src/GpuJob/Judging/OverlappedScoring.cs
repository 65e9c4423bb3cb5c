using System.Text.Json;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Judging;

/// <summary>
/// Scores completions by a recipe's rewards: those that can hang go to verifiers, beside generation; other functions are called here; what
/// reward models say is added once a question's completions are all there.
/// </summary>
/// <param name="rewards">The recipe's rewards.</param>
/// <param name="verifiers">The verifiers, called for only when one of the rewards is to be isolated; null for those of the process.</param>
/// <param name="models">The rewards that models give; null where there are none.</param>
internal sealed class OverlappedScoring(RewardSum rewards, Func<VerifierPool>? verifiers = null, ModelRewards? models = null)
{
    private readonly IReadOnlyDictionary<string, JsonElement?> options = rewards.Options;
    private readonly string[] isolated = [.. rewards.Names.Where(name => IsolatedRewards.TimeLimit(name) is not null)];
    private readonly Dictionary<string, Reward> pending = rewards.Names.Where(name => RewardFunctions.Find(name).ByModel)
        .ToDictionary(name => name, _ => Reward.Failed("its reward model has not scored yet"));

    /// <summary>Whether any reward goes to verifiers, so that scoring early overlaps generation.</summary>
    public bool Overlaps => isolated.Length > 0;

    /// <summary>Scores a completion by every reward but those that models give: see <see cref="CompleteAsync"/>.</summary>
    /// <exception cref="BadInputException">The recipe or the data row is at fault.</exception>
    /// <exception cref="R1Cloud.Rewards.Sandboxing.SandboxUnavailableException">This machine lacks what a reward needs.</exception>
    public async Task<ScoredCompletion> ScoreAsync(Completion completion, CancellationToken cancellation)
    {
        if (isolated.Length == 0) return rewards.Score(completion, pending);
        var verdicts = await (verifiers?.Invoke() ?? VerifierPool.Shared)
            .ScoreAsync([.. isolated.Select(name => new VerificationRequest(name, completion, options[name]))], cancellation);
        return rewards.Score(completion, isolated.Zip(verdicts, KeyValuePair.Create).Concat(pending).ToDictionary());
    }

    /// <summary>Adds what reward models say of a question's completions.</summary>
    /// <param name="completions">All completions of a question, so that the scores do not depend on what else is scored.</param>
    /// <param name="scored">What <see cref="ScoreAsync"/> gave them, in the same order.</param>
    public async Task<IReadOnlyList<ScoredCompletion>> CompleteAsync(IReadOnlyList<Completion> completions,
        IReadOnlyList<ScoredCompletion> scored)
    {
        if (pending.Count == 0) return scored;
        if (models is null) throw new InvalidOperationException($"No reward models were given for {string.Join(", ", pending.Keys)}.");
        var verdicts = await models.ScoreAsync(completions);
        return [.. completions.Select((completion, index) =>
            rewards.Score(completion,
                scored[index].Verdicts.Where(verdict => !pending.ContainsKey(verdict.Key)).Concat(verdicts[index]).ToDictionary()))];
    }
}
