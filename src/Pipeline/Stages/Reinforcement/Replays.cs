using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>
/// The updates that a worker may have to take again because the optimizer's moments are stored every few iterations only: what leads from
/// the last but one of those states to the policy.
/// </summary>
internal static class Replays
{
    /// <summary>What the next iteration is told: an iteration's own update is the last, and those that nobody needs any more go.</summary>
    /// <param name="input">The iteration.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="rollouts">What its update learned from.</param>
    /// <returns>Null where each checkpoint has its state with it.</returns>
    public static IReadOnlyList<EarlierUpdate>? With(RlIterationInput input, RlStage settings, IterationRollouts rollouts)
    {
        if (settings.KeepStateEvery == 1) return null;
        var (from, sampler) = (settings.ReplayFrom(input.Iteration + 1), RlIteration.Sampler(input));
        var update = new EarlierUpdate(input.Iteration, input.Policy, RlIteration.Tokens(rollouts), input.Reference,
            sampler == input.Policy ? null : sampler, rollouts.Pool);
        return [.. (input.Since ?? []).Append(update).Where(earlier => earlier.Iteration >= from)];
    }

    /// <summary>The checkpoints that updates which may be taken again read.</summary>
    public static IEnumerable<string> Needed(IReadOnlyList<EarlierUpdate>? since) =>
        (since ?? []).SelectMany(update => new[] { update.Policy, update.Reference, update.Sampler }).OfType<string>();

    /// <summary>Makes those rollouts again that are gone, by the same policies: the same ones under other names.</summary>
    public static async Task<IReadOnlyList<EarlierUpdate>?> RestoreAsync(
        IOrchestrationContext context, JobCalls jobs, RlIterationInput input, RlStage settings,
            Action<string, IReadOnlyList<JobSpec>> publish)
    {
        if (input.Since is null) return null;
        var restored = new List<EarlierUpdate>();
        foreach (var update in input.Since)
        {
            var iteration = input with
            {
                Iteration = update.Iteration, Policy = update.Sampler ?? update.Policy, Rollouts = null, Pool = update.Pool,
            };
            var rollouts = await RolloutRounds.RunAsync(context, jobs, iteration, settings, publish, restore: true);
            restored.Add(update with { Rollouts = RlIteration.Tokens(rollouts) });
        }
        return restored;
    }
}
