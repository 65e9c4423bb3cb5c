using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>What an iteration starts from.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Iteration">The iteration, from 0.</param>
/// <param name="Policy">The checkpoint that is updated; it samples as well.</param>
/// <param name="Reference">The reference's checkpoint; null for none.</param>
/// <param name="Evaluate">Whether the new policy is measured.</param>
/// <param name="Rollouts">The iteration's rollouts when the iteration before sampled them, with the policy it started from.</param>
/// <param name="SampleNext">Whether the next iteration's rollouts are sampled beside the update.</param>
/// <param name="Pool">
/// The curriculum's pool after the iteration before: what this iteration's rollouts are drawn by, or with staleness the next one's.
/// </param>
/// <param name="Since">The updates that may have to be taken again, as of <see cref="UpdateJob.Since"/>; null for none.</param>
internal sealed record RlIterationInput(
    StageInput Stage, int Iteration, string Policy, string? Reference = null, bool Evaluate = false, IterationRollouts? Rollouts = null,
        bool SampleNext = false, string? Pool = null, IReadOnlyList<EarlierUpdate>? Since = null);

/// <summary>What an iteration yields; of its time the wall is left to the stage, which sees the whole of it.</summary>
/// <param name="Checkpoint">The new policy.</param>
/// <param name="Metrics">The iteration's figures.</param>
/// <param name="Time">Where its time went.</param>
/// <param name="Samples">Example completions.</param>
/// <param name="Next">The next iteration's rollouts when they were asked for.</param>
/// <param name="Numerics">As of <see cref="StageResult.Numerics"/>.</param>
/// <param name="Pool">The curriculum's pool, with this iteration's rollouts in it.</param>
/// <param name="Since">
/// What of the updates the next iteration is told, this one's the last; null where no update is ever taken again.
/// </param>
internal sealed record RlIterationResult(
    string Checkpoint, IReadOnlyDictionary<string, double> Metrics, TimeBreakdown Time, string? Samples = null,
        IterationRollouts? Next = null,
    IReadOnlyList<int>? Numerics = null, string? Pool = null, IReadOnlyList<EarlierUpdate>? Since = null);

/// <summary>
/// One iteration of GRPO: rollouts, then the update; on request the new policy is measured, and the next iteration's rollouts are sampled
/// beside all that with the policy that this one started from.
/// </summary>
internal static class RlIteration
{
    public const string Name = "rl-iteration";

    // How often an iteration's files may be lost: more often it is not their age.
    private const int MostLosses = 3;

    /// <summary>The orchestrator.</summary>
    public static async Task<RlIterationResult> RunAsync(IOrchestrationContext context, JobCalls jobs, RlIterationInput input)
    {
        var settings = (RlStage)input.Stage.Settings;
        var status = new IterationStatus(context);
        var rollouts = input.Rollouts ?? await RolloutRounds.RunAsync(context, jobs, input, settings, status.Learning);

        // The update is ordered first: it is the longer of the two, and the workers that are left share the shards of the other.
        var learning = LearnAsync(context, jobs, input, settings, rollouts, status.Learning);
        var sampling = input.SampleNext
            ? RolloutRounds.RunAsync(context, jobs, input with { Iteration = input.Iteration + 1 }, settings, status.Sampling) : null;
        if (sampling is not null) await Task.WhenAll(learning, sampling);
        (rollouts, var update, var since, var evaluation, var learned) = await learning;
        var next = sampling is null ? null : await sampling;

        var metrics = new Dictionary<string, double>(rollouts.Metrics);
        metrics[MetricNames.Staleness] = input.Rollouts is null ? 0 : 1;
        AddSpeeds(metrics, rollouts, update);
        foreach (var (name, value) in update.Result.Metrics)
        {
            if (!metrics.TryAdd(name, value)) metrics["update/" + name] = value;
        }
        foreach (var (name, value) in evaluation?.Metrics ?? new Dictionary<string, double>()) metrics[name] = value;
        if (next is not null) metrics[MetricNames.TimeOverlap] = JobOverlap.Seconds(update.Jobs, next.Shards);

        var critical = next is not null && next.Time.Total() > learned.Total() ? next.Time : learned;
        var time = input.Rollouts is null ? rollouts.Time + critical : critical;
        return new(update.Result.Output("checkpoint"), metrics, time, rollouts.Shards[0].Outputs.GetValueOrDefault("samples"), next,
            rollouts.Shards.Concat(update.Jobs).Numerics(), update.Result.Outputs.GetValueOrDefault("pool"), since);
    }

    private static async Task<(IterationRollouts Rollouts, PolicyUpdateResult Update, IReadOnlyList<EarlierUpdate>? Since,
        EvaluationResult? Evaluation, TimeBreakdown Time)> LearnAsync(
        IOrchestrationContext context, JobCalls jobs, RlIterationInput input, RlStage settings, IterationRollouts rollouts,
            Action<string, IReadOnlyList<JobSpec>> publish)
    {
        (rollouts, var update, var since) = await UpdateAsync(context, jobs, input, settings, rollouts, publish);
        if (!input.Evaluate) return (rollouts, update, since, null, update.Time);
        var point = Evaluations.Point(input.Stage, input.Stage.Evaluation!, update.Result.Output("checkpoint"), input.Iteration + 1);
        publish(JobKinds.Evaluate, [point.Job]);
        var evaluation = await Evaluations.RunAsync(context, jobs, [point]);
        return (rollouts, update, since, evaluation, update.Time + evaluation.Time with { Wall = 0 });
    }

    // The update. Rollouts and gradients are kept for a while only: after a pause longer than that they are made again, which gives the
    // same ones; so are those of earlier updates that may have to be taken again.
    private static async Task<(IterationRollouts Rollouts, PolicyUpdateResult Update, IReadOnlyList<EarlierUpdate>? Since)> UpdateAsync(
        IOrchestrationContext context, JobCalls jobs, RlIterationInput input, RlStage settings, IterationRollouts rollouts,
            Action<string, IReadOnlyList<JobSpec>> publish)
    {
        IReadOnlyList<JobSpec> current = [];
        for (var losses = 0; ; losses++)
        {
            try
            {
                var update = await PolicyUpdate.RunAsync(context, jobs, input, settings, rollouts, Publish, restore: losses > 0);
                return (rollouts, update, Replays.With(input, settings, rollouts));
            }
            catch (TaskFailedException e) when (losses < MostLosses && e.Details.IsCausedBy(nameof(JobFailedException)))
            {
                if (!await context.CallActivityAsync<bool>(JobActivities.Forgive,
                    new JobRefs(input.Stage.RunId, [.. current.Select(job => job.JobId)]), JobCalls.Storage(input.Stage.Jobs))) throw;
            }
            input = input with { Since = await Replays.RestoreAsync(context, jobs, input, settings, publish) };
            rollouts = await RolloutRounds.RunAsync(context, jobs, input with { Policy = Sampler(input), Pool = rollouts.Pool }, settings,
                publish, restore: true);
        }

        void Publish(string phase, IReadOnlyList<JobSpec> phaseJobs)
        {
            current = phaseJobs;
            publish(phase, phaseJobs);
        }
    }

    /// <summary>The rollouts' token files.</summary>
    internal static IReadOnlyList<string> Tokens(IterationRollouts rollouts) =>
        [.. rollouts.Shards.Select(shard => shard.Output("tokens"))];

    /// <summary>
    /// The policy that the iteration's rollouts come from: with rollouts that the iteration before sampled, the one that that one started
    /// from.
    /// </summary>
    internal static string Sampler(RlIterationInput input) => input switch
    {
        { Rollouts: null } => input.Policy,
        { Rollouts.Policy: { } policy } => policy,
        { Iteration: 1 } => input.Stage.RequireFrom(),
        _ => BlobLayout.Checkpoint(input.Stage.RunId, input.Stage.Label, input.Iteration - 1),
    };

    private static void AddSpeeds(Dictionary<string, double> metrics, IterationRollouts rollouts, PolicyUpdateResult update)
    {
        Add(MetricNames.TokensPerSecondGeneration, metrics.GetValueOrDefault(MetricNames.Tokens), rollouts.Time.Generation);
        Add(MetricNames.TokensPerSecondUpdate, update.Result.Metrics.GetValueOrDefault(MetricNames.Tokens), update.Time.Update);

        void Add(string name, double tokens, double seconds)
        {
            if (tokens > 0 && seconds > 0) metrics[name] = tokens / seconds;
        }
    }

    private static double Total(this TimeBreakdown time) => time.Generation + time.Reward + time.Update + time.Storage;
}

/// <summary>What an iteration does just now, as clients see it: its own phase, and the jobs of the next one beside it.</summary>
internal sealed class IterationStatus(IOrchestrationContext context)
{
    private (string Phase, IReadOnlyList<JobSpec> Jobs) learning = (JobKinds.Rollout, []);
    private IReadOnlyList<JobSpec> sampling = [];

    /// <summary>The iteration goes on to a phase.</summary>
    public void Learning(string phase, IReadOnlyList<JobSpec> jobs)
    {
        learning = (phase, jobs);
        Publish();
    }

    /// <summary>The next iteration's rollouts run beside it.</summary>
    public void Sampling(string phase, IReadOnlyList<JobSpec> jobs)
    {
        sampling = jobs;
        Publish();
    }

    private void Publish() =>
        context.SetCustomStatus(
            new StageProgress { Phase = learning.Phase, Jobs = JobRanges.Of(learning.Jobs.Concat(sampling).Select(job => job.JobId)) });
}
