using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages;

/// <summary>What an iteration starts from.</summary>
internal sealed record RlIterationInput(StageInput Stage, int Iteration, string Policy, string? Reference = null, bool Evaluate = false);

/// <summary>What an iteration yields; of its time the wall is left to the stage, which sees the whole of it.</summary>
internal sealed record RlIterationResult(string Checkpoint, IReadOnlyDictionary<string, double> Metrics, TimeBreakdown Time, string? Samples = null);

/// <summary>One iteration of GRPO: rollouts in shards, then one update; on request the new policy is measured.</summary>
internal static class RlIteration
{
    public const string Name = "rl-iteration";

    /// <summary>The orchestrator.</summary>
    public static async Task<RlIterationResult> RunAsync(IOrchestrationContext context, JobCalls jobs, RlIterationInput input)
    {
        var settings = (RlStage)input.Stage.Settings;

        var rollouts = await RolloutRounds.RunAsync(context, jobs, input, settings);

        var job = Update(input, settings, rollouts.Shards);
        Publish(context, JobKinds.Update, [job]);
        var update = await jobs.RunAsync(context, job);
        var checkpoint = update.Output("checkpoint");

        var metrics = rollouts.Metrics;
        var time = rollouts.Time + update.Time();
        AddSpeeds(metrics, rollouts, update);
        foreach (var (name, value) in update.Metrics)
        {
            if (!metrics.TryAdd(name, value)) metrics["update/" + name] = value;
        }

        if (input.Evaluate)
        {
            var evaluate = Evaluations.Job(input.Stage, input.Stage.Evaluation!, checkpoint, input.Iteration + 1, final: false);
            Publish(context, JobKinds.Evaluate, [evaluate]);
            var evaluation = await Evaluations.RunAsync(context, jobs, evaluate);
            foreach (var (name, value) in evaluation.Metrics) metrics[name] = value;
            time += evaluation.Time with { Wall = 0 };
        }
        return new(checkpoint, metrics, time, rollouts.Shards[0].Outputs.GetValueOrDefault("samples"));
    }

    private static JobSpec Update(RlIterationInput input, RlStage settings, IReadOnlyList<JobResult> rollouts)
    {
        var stage = input.Stage;
        return stage.Job(JobId.Create(stage.Label, input.Iteration, JobKinds.Update), new UpdateJob
        {
            Settings = settings,
            Iteration = input.Iteration,
            Policy = input.Policy,
            Reference = input.Reference,
            Rollouts = [.. rollouts.Select(rollout => rollout.Output("tokens"))],
            Checkpoint = BlobLayout.Checkpoint(stage.RunId, stage.Label, input.Iteration + 1),
        });
    }

    private static void AddSpeeds(Dictionary<string, double> metrics, IterationRollouts rollouts, JobResult update)
    {
        Add(Shared.Metrics.MetricNames.TokensPerSecondGeneration, metrics.GetValueOrDefault(Shared.Metrics.MetricNames.Tokens), rollouts.Time.Generation);
        Add(Shared.Metrics.MetricNames.TokensPerSecondUpdate, update.Metrics.GetValueOrDefault(Shared.Metrics.MetricNames.Tokens), update.Timing.Update);

        void Add(string name, double tokens, double seconds)
        {
            if (tokens > 0 && seconds > 0) metrics[name] = tokens / seconds;
        }
    }

    /// <summary>Tells which jobs run.</summary>
    internal static void Publish(IOrchestrationContext context, string phase, IReadOnlyList<JobSpec> jobs) =>
        context.SetCustomStatus(new StageProgress { Phase = phase, Jobs = [.. jobs.Select(job => job.JobId)] });
}
