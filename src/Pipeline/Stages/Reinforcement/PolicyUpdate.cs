using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>What an update came to.</summary>
/// <param name="Result">The job that wrote the next checkpoint.</param>
/// <param name="Jobs">All jobs of it.</param>
/// <param name="Time">Where its time went.</param>
internal sealed record PolicyUpdateResult(JobResult Result, IReadOnlyList<JobResult> Jobs, TimeBreakdown Time);

/// <summary>
/// The update of an iteration: one job; or, in shards, jobs side by side for the gradient of each optimizer step, one round a step, and a
/// last job that writes the checkpoint. Gradients go from worker to worker through blobs, whose names are all that is handed on here.
/// </summary>
internal static class PolicyUpdate
{
    /// <summary>Runs the update.</summary>
    /// <param name="context">The orchestration.</param>
    /// <param name="jobs">Its jobs.</param>
    /// <param name="input">The iteration.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="sampled">The rollouts.</param>
    /// <param name="publish">Told of each phase and its jobs.</param>
    /// <param name="restore">Whether gradients are computed again whose files are gone.</param>
    public static async Task<PolicyUpdateResult> RunAsync(
        IOrchestrationContext context, JobCalls jobs, RlIterationInput input, RlStage settings, IterationRollouts sampled,
            Action<string, IReadOnlyList<JobSpec>> publish,
        bool restore = false)
    {
        var rollouts = sampled.Shards.Select(shard => shard.Output("tokens")).ToList();
        var (done, time) = (new List<JobResult>(), new TimeBreakdown());
        IReadOnlyList<string>? gradients = null;
        if (settings.UpdateShards > 1)
        {
            gradients = [];
            // How many steps there are depends on how many rows were dropped: the first round tells.
            for (int step = 0, steps = 1; step < steps; step++)
            {
                var round = Gradients(input, settings, rollouts, step, gradients);
                publish(JobKinds.Gradient, round);
                var results = await Task.WhenAll(round.Select(RunAsync));
                done.AddRange(results);
                time += results.MaxBy(result => result.Timing.Total)!.Time();
                steps = (int)results[0].Metrics[MetricNames.Steps];
                if (steps > 0) gradients = [.. results.Select(result => result.Output("gradient"))];
            }
        }

        var job = Update(input, settings, rollouts, gradients, PoolOf(input, settings, sampled));
        publish(JobKinds.Update, [job]);
        var update = await RunAsync(job);
        return new(update, [.. done, update], time + update.Time());

        Task<JobResult> RunAsync(JobSpec spec) => restore ? jobs.RestoreAsync(context, spec) : jobs.RunAsync(context, spec);
    }

    /// <summary>One job a shard for a step's gradient.</summary>
    internal static IReadOnlyList<JobSpec> Gradients(RlIterationInput input, RlStage settings, IReadOnlyList<string> rollouts, int step,
        IReadOnlyList<string> after)
    {
        var stage = input.Stage;
        return [.. Enumerable.Range(0, settings.UpdateShards).Select(shard => stage.Job(
            JobId.Create(stage.Label, input.Iteration, $"{JobKinds.Gradient}-{step}", shard), new GradientJob
            {
                Settings = settings,
                Iteration = input.Iteration,
                Policy = input.Policy,
                Reference = input.Reference,
                Teacher = stage.Teacher,
                Rollouts = rollouts,
                Step = step,
                Shard = shard,
                After = after,
                Output = BlobLayout.Gradient(stage.RunId, stage.Label, input.Iteration, step, shard),
            }))];
    }

    private static PoolUpdate? PoolOf(RlIterationInput input, RlStage settings, IterationRollouts sampled) => settings.Curriculum is null
        ? null : new([.. sampled.Shards.Select(shard => shard.Output("asked"))],
            BlobLayout.Pool(input.Stage.RunId, input.Stage.Label, input.Iteration + 1), input.Pool);

    private static JobSpec Update(RlIterationInput input, RlStage settings, IReadOnlyList<string> rollouts,
        IReadOnlyList<string>? gradients, PoolUpdate? pool)
    {
        var stage = input.Stage;
        return stage.Job(JobId.Create(stage.Label, input.Iteration, JobKinds.Update), new UpdateJob
        {
            Settings = settings,
            Iteration = input.Iteration,
            Policy = input.Policy,
            Reference = input.Reference,
            Teacher = stage.Teacher,
            Rollouts = rollouts,
            Gradients = gradients,
            Since = input.Since ?? [],
            Checkpoint = BlobLayout.Checkpoint(stage.RunId, stage.Label, input.Iteration + 1),
            Pool = pool,
        });
    }
}
