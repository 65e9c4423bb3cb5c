using System.Collections.Concurrent;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Report;

/// <summary>Sets a run's plan against the results of its jobs.</summary>
internal sealed class PlanComparer(IBlobStore blobs, PipelineOptions options, RunPlanner planner)
{
    private const int ReadsAtOnce = 16;

    // A finished job: its kind, taken from its id, and its result.
    private sealed record FinishedJob(string Kind, JobResult Result);

    /// <summary>Makes the comparison.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="results">The stages' results by name.</param>
    /// <param name="time">From the run's start to its end.</param>
    /// <param name="cancellation">Stops reading.</param>
    public async Task<PlanComparison> CompareAsync(
        string runId, Recipe recipe, IReadOnlyDictionary<string, StageResult> results, TimeSpan time, CancellationToken cancellation)
    {
        var plan = planner.Plan(recipe, new() { Device = options.PlanDevice, Datasets = options.Datasets }, PriceTable.Default);
        var stages = new List<StageComparison>();
        var all = new List<JobResult>();
        foreach (var planned in plan.Stages)
        {
            var result = results[planned.Name];
            var jobs = await JobsAsync(runId, result.Label, cancellation);
            all.AddRange(jobs.Select(job => job.Result));
            if (result.ReusedFrom is not null) continue; // what another run did was not planned for this one
            stages.Add(new(
                result.Label,
                result.Time.Wall + (result.Evaluation?.Time.Wall ?? 0),
                planned.WallSeconds,
                planned.Work?.GeneratedTokens,
                Tokens(jobs, JobKinds.Rollout, JobKinds.Sample, JobKinds.Evaluate, "final-" + JobKinds.Evaluate),
                planned.Work?.TrainedTokens,
                Tokens(jobs, JobKinds.Update, JobKinds.Pretrain, JobKinds.Sft)));
        }
        return new() { Device = plan.Device, Stages = stages,
            Workers = Workers(all, recipe.Workers.Count * Math.Max(0, time.TotalSeconds)) };
    }

    /// <summary>Where the workers' time went.</summary>
    /// <param name="jobs">The results that count.</param>
    /// <param name="paid">Worker seconds in all.</param>
    internal static WorkerTime Workers(IReadOnlyList<JobResult> jobs, double paid)
    {
        var useful = jobs.Sum(job => job.Timing.Total);
        var recomputed = jobs.Sum(job => (job.Attempts.Failed + job.Attempts.Lost) * job.Timing.Total);
        return new()
        {
            Paid = paid,
            Useful = useful,
            Recomputed = Math.Min(recomputed, Math.Max(0, paid - useful)),
            Failed = jobs.Sum(job => job.Attempts.Failed),
            Lost = jobs.Sum(job => job.Attempts.Lost),
            Preempted = jobs.Sum(job => job.Attempts.Preempted),
        };
    }

    // Tokens of jobs of some kinds; 0 where there are no such jobs, null where one does not say: part of a sum would mislead.
    private static double? Tokens(IReadOnlyCollection<FinishedJob> jobs, params string[] kinds)
    {
        var counted = jobs.Where(job => kinds.Contains(job.Kind)).Select(job => job.Result.Metrics).ToList();
        return counted.TrueForAll(metrics => metrics.ContainsKey(MetricNames.Tokens))
            ? counted.Sum(metrics => metrics[MetricNames.Tokens]) : null;
    }

    private async Task<IReadOnlyCollection<FinishedJob>> JobsAsync(string runId, string label, CancellationToken cancellation)
    {
        const string File = "/result.json";
        var jobs = new ConcurrentBag<FinishedJob>();
        var limits = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(blobs.ListAsync(BlobLayout.Job(runId, label), cancellation), limits, async (blob, stop) =>
        {
            if (!blob.Path.EndsWith(File, StringComparison.Ordinal)) return;
            jobs.Add(new(blob.Path.Split('/')[^3], await blobs.ReadJsonAsync<JobResult>(blob.Path, stop)));
        });
        return jobs;
    }
}
