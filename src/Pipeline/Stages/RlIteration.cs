using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
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

/// <summary>One round of GRPO: rollout shards side by side, then one update; on request the new policy is measured.</summary>
internal static class RlIteration
{
    public const string Name = "rl-iteration";

    /// <summary>The orchestrator.</summary>
    public static async Task<RlIterationResult> RunAsync(IOrchestrationContext context, JobCalls jobs, RlIterationInput input)
    {
        var settings = (RlStage)input.Stage.Settings;

        var shards = Rollouts(input, settings);
        Publish(context, JobKinds.Rollout, shards);
        var rollouts = await Task.WhenAll(shards.Select(shard => jobs.RunAsync(context, shard)));

        var job = Update(input, settings, rollouts);
        Publish(context, JobKinds.Update, [job]);
        var update = await jobs.RunAsync(context, job);
        var checkpoint = update.Output("checkpoint");

        var metrics = ShardMetrics.Combine(rollouts);
        var time = rollouts.MaxBy(rollout => rollout.Timing.Total)!.Time() + update.Time();
        AddSpeeds(metrics, rollouts, update);
        foreach (var (name, value) in update.Metrics)
        {
            if (!metrics.TryAdd(name, value)) metrics["update/" + name] = value;
        }

        if (input.Evaluate)
        {
            var point = Evaluations.Point(input.Stage, input.Stage.Evaluation!, checkpoint, input.Iteration + 1);
            Publish(context, JobKinds.Evaluate, [point.Job]);
            var evaluation = await Evaluations.RunAsync(context, jobs, [point]);
            foreach (var (name, value) in evaluation.Metrics) metrics[name] = value;
            time += evaluation.Time with { Wall = 0 };
        }
        return new(checkpoint, metrics, time, rollouts[0].Outputs.GetValueOrDefault("samples"));
    }

    /// <summary>The iteration's questions cut into shards that differ by at most one question.</summary>
    internal static IReadOnlyList<JobSpec> Rollouts(RlIterationInput input, RlStage settings)
    {
        var stage = input.Stage;
        return [.. Enumerable.Range(0, settings.Shards).Select(shard =>
        {
            var first = (int)((long)settings.Questions * shard / settings.Shards);
            var next = (int)((long)settings.Questions * (shard + 1) / settings.Shards);
            return stage.Job(JobId.Create(stage.Label, input.Iteration, JobKinds.Rollout, shard), new RolloutJob
            {
                Settings = settings,
                Task = stage.Tasks[settings.Task],
                Iteration = input.Iteration,
                Policy = input.Policy,
                FirstQuestion = first,
                QuestionCount = next - first,
                Output = BlobLayout.Rollout(stage.RunId, stage.Label, input.Iteration, shard),
            });
        })];
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

    private static void AddSpeeds(Dictionary<string, double> metrics, IReadOnlyList<JobResult> rollouts, JobResult update)
    {
        Add(Shared.Metrics.MetricNames.TokensPerSecondGeneration,
            rollouts.Sum(rollout => rollout.Metrics.GetValueOrDefault(Shared.Metrics.MetricNames.Tokens)),
            rollouts.Max(rollout => rollout.Timing.Generation));
        Add(Shared.Metrics.MetricNames.TokensPerSecondUpdate, update.Metrics.GetValueOrDefault(Shared.Metrics.MetricNames.Tokens), update.Timing.Update);

        void Add(string name, double tokens, double seconds)
        {
            if (tokens > 0 && seconds > 0) metrics[name] = tokens / seconds;
        }
    }

    private static void Publish(IOrchestrationContext context, string phase, IReadOnlyList<JobSpec> jobs) =>
        context.SetCustomStatus(new StageProgress { Phase = phase, Jobs = [.. jobs.Select(job => job.JobId)] });
}
