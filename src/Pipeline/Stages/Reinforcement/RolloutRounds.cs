using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>What an iteration's rollouts yield.</summary>
/// <param name="Shards">The shards of all rounds in the order of their questions.</param>
/// <param name="Metrics">Their figures.</param>
/// <param name="Time">Where their time went.</param>
/// <param name="Policy">The checkpoint that answered; null in what an earlier version wrote.</param>
/// <param name="Pool">The curriculum's pool that they were drawn by; null for none.</param>
internal sealed record IterationRollouts(IReadOnlyList<JobResult> Shards, Dictionary<string, double> Metrics, TimeBreakdown Time,
    string? Policy = null, string? Pool = null);

/// <summary>
/// An iteration's rollouts: shards side by side, and with dynamic sampling (DAPO) further rounds for the questions that taught nothing.
/// Questions and shards are numbered on from round to round, so the same results lead to the same jobs.
/// </summary>
internal static class RolloutRounds
{
    /// <summary>Runs the rounds.</summary>
    /// <param name="context">The orchestration.</param>
    /// <param name="jobs">Its jobs.</param>
    /// <param name="input">The iteration.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="publish">Told of each round's jobs.</param>
    /// <param name="restore">Whether shards are done again whose files are gone.</param>
    public static async Task<IterationRollouts> RunAsync(
        IOrchestrationContext context, JobCalls jobs, RlIterationInput input, RlStage settings,
            Action<string, IReadOnlyList<JobSpec>> publish, bool restore = false)
    {
        var (results, time, asked, useful) = (new List<JobResult>(), new TimeBreakdown(), 0, 0);
        var round = 0;
        for (; round < settings.MostRounds() && useful < settings.Questions; round++)
        {
            var count = Ask(settings, asked, useful);
            var shards = Shards(input, settings, round, asked, count);
            publish(JobKinds.Rollout, shards);
            var done = await Task.WhenAll(
                shards.Select(shard => restore ? jobs.RestoreAsync(context, shard) : jobs.RunAsync(context, shard)));

            results.AddRange(done);
            time += done.MaxBy(shard => shard.Timing.Total)!.Time();
            (asked, useful) =
                (asked + count, useful + done.Sum(shard => (int)shard.Metrics.GetValueOrDefault(MetricNames.QuestionsUseful)));
        }

        var metrics = ShardMetrics.Combine(results);
        if (settings.DynamicSampling is not null)
        {
            metrics[MetricNames.Rounds] = round;
            metrics[MetricNames.QuestionsMissing] = Math.Max(0, settings.Questions - useful);
            metrics[MetricNames.QuestionsSurplus] = Math.Max(0, useful - settings.Questions);
        }
        if (settings.DynamicSampling is not null || settings.Curriculum is not null)
            metrics[MetricNames.QuestionsUsefulRatio] = useful / (double)asked;
        return new(results, metrics, time, input.Policy, input.Pool);
    }

    /// <summary>
    /// How many questions a round asks: as many as the share of useful ones so far says are needed, at most an iteration's number.
    /// </summary>
    internal static int Ask(RlStage settings, int asked, int useful)
    {
        long missing = settings.Questions - useful;
        return useful == 0 ? settings.Questions : (int)Math.Min(settings.Questions, (missing * asked + useful - 1) / useful);
    }

    /// <summary>A round's questions cut into shards that differ by at most one question.</summary>
    /// <param name="input">The iteration.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="round">The round, from 0.</param>
    /// <param name="first">The round's first question.</param>
    /// <param name="count">Its questions.</param>
    internal static IReadOnlyList<JobSpec> Shards(RlIterationInput input, RlStage settings, int round, int first, int count)
    {
        var stage = input.Stage;
        var tasks = settings.PromptSources().Select(source => source.Source.Task).Distinct()
            .ToDictionary(task => task, task => stage.Tasks[task]);
        var shards = Math.Min(settings.Shards, count);
        return [.. Enumerable.Range(0, shards).Select(shard =>
        {
            var (from, to) = ((int)((long)count * shard / shards), (int)((long)count * (shard + 1) / shards));
            var number = round * settings.Shards + shard;
            return stage.Job(JobId.Create(stage.Label, input.Iteration, JobKinds.Rollout, number), new RolloutJob
            {
                Settings = settings,
                Tasks = tasks,
                Iteration = input.Iteration,
                Policy = input.Policy,
                FirstQuestion = first + from,
                QuestionCount = to - from,
                Pool = input.Pool,
                Output = BlobLayout.Rollout(stage.RunId, stage.Label, input.Iteration, number),
            });
        })];
    }
}
