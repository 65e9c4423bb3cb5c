using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Which jobs are asked for.</summary>
/// <param name="Stage">A stage by name or label; null for all.</param>
/// <param name="From">The first iteration; null for the first there is.</param>
/// <param name="To">The last iteration; null for the newest.</param>
/// <param name="Limit">Most jobs.</param>
internal sealed record RunJobsQuery(string? Stage = null, int? From = null, int? To = null, int Limit = RunJobsQuery.DefaultLimit)
{
    /// <summary>Most jobs that may be asked for, and how many come where nothing is said.</summary>
    public const int MaxLimit = 2_000, DefaultLimit = 500;
}

/// <summary>A run's jobs, the newest first: whole iterations, as many as fit.</summary>
internal sealed class RunJobsReader(RunService service, IBlobStore blobs, MetricsReader metrics, JobReader reader)
{
    /// <summary>Most attempts of a job in an answer: the newest.</summary>
    public const int MaxAttempts = 20;
    /// <summary>Most iterations of a stage in an answer.</summary>
    public const int MaxIterations = 200;

    private static readonly string Rl = new RlStage().Kind();

    /// <summary>Reads them.</summary>
    /// <exception cref="InvalidRequestException">There is no such stage.</exception>
    public async Task<RunJobs> ReadAsync(string id, RunJobsQuery query, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var chosen = new List<JobBlobs>();
        EarlierJobs? earlier = null;
        foreach (var stage in StagesOf(run, query.Stage))
        {
            var (from, to, more) = await WindowAsync(run, stage, query, cancellation);
            var jobs = await JobBlobs.ListAsync(blobs, id, stage.Label, from, to, cancellation);
            earlier = Choose(jobs, chosen, stage.Label, query.Limit) ?? (more ? new(stage.Label, from - 1) : null);
            if (earlier is not null) break;
        }
        var entries = await reader.ReadAsync(id, chosen, cancellation);
        return new(id, [.. entries.OrderBy(job => job.QueuedAt).ThenBy(job => job.JobId, StringComparer.Ordinal)], earlier);
    }

    // Takes iterations, the newest first, while they fit as a whole; the very first is cut where it does not.
    private static EarlierJobs? Choose(IReadOnlyList<JobBlobs> jobs, List<JobBlobs> chosen, string label, int limit)
    {
        foreach (var iteration in jobs.GroupBy(job => job.Iteration).OrderByDescending(group => group.Key))
        {
            var count = iteration.Count();
            if (chosen.Count > 0 && chosen.Count + count > limit) return new(label, iteration.Key);
            chosen.AddRange(iteration.OrderBy(job => job.Id, StringComparer.Ordinal).Take(limit));
        }
        return null;
    }

    // Stages from the last that has begun; the look at the inputs, which is none, comes before all.
    private static IEnumerable<StageView> StagesOf(RunView run, string? stage)
    {
        var check = new StageView { Name = OrchestrationNames.InputCheck, Label = OrchestrationNames.InputCheck,
            Kind = OrchestrationNames.InputCheck, Status = StageStatus.Completed };
        if (stage == check.Label && run.Stages.All(one => one.Name != stage && one.Label != stage)) return [check];
        var begun = RunData.Stages(run, stage).Reverse();
        return stage is null && run.Stages.All(one => one.Label != check.Label) ? begun.Append(check) : begun;
    }

    // The iterations to list. Only stages of reinforcement learning have many; jobs of the others are listed at once.
    private async Task<(int From, int To, bool More)> WindowAsync(RunView run, StageView stage, RunJobsQuery query,
        CancellationToken cancellation)
    {
        var (from, to) = (query.From ?? 0, query.To ?? int.MaxValue);
        if (stage.Kind != Rl) return (from, to, false);
        var rows = await metrics.ReadAsync(run.Id, stage.Label, cancellation);
        // One more than is under way: with staleness the next rollouts are made meanwhile.
        to = Math.Min(to, Math.Max(stage.Done, rows.Count > 0 ? rows[^1].Step : 0) + 1);
        var first = Math.Max(from, to - MaxIterations + 1);
        return (first, to, first > from);
    }
}
