using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>What a run's workers do just now: their jobs, what they use, what they have written and not committed.</summary>
internal sealed class RunWorkersReader(RunService service, IBlobStore blobs, OpenQueue open)
{
    /// <summary>Limits of what may be asked for of the live tail, and how many come where nothing is said.</summary>
    public const int MaxLive = 200, DefaultLive = 40;

    /// <summary>The workers.</summary>
    public async Task<RunWorkers> WorkersAsync(string id, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var workers = await Task.WhenAll(run.Workers.Workers.Select(async worker =>
        {
            var used = await blobs.TryReadJsonAsync<WorkerResources>(BlobLayout.WorkerResources(id, worker.Name), cancellation);
            // What an earlier process of that name used is no news of this one.
            if (used is not null && used.At < worker.StartedAt) used = null;
            return new RunWorker(worker.Name, worker.Location, worker.State, worker.Restarts, worker.Log is not null, worker.StartedAt,
                run.Jobs.FirstOrDefault(job => job.Worker == worker.Name)?.JobId, used is null ? null : used with { History = null },
                used?.History);
        }));
        return new(workers, run.Workers.Restarts, run.Workers.LastError, await QueuedAsync(id, cancellation));
    }

    // A run that has not begun, or has ended, has no queue.
    private async Task<int?> QueuedAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await open(BlobLayout.JobQueue(id)).CountAsync(cancellation);
        }
        catch (StorageException e) when (e.IsMissing)
        {
            return null;
        }
    }

    /// <summary>The live tail of the rollouts that are under way.</summary>
    public async Task<LiveRows> LiveAsync(string id, int limit, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var tails = await Task.WhenAll(run.Jobs.Where(job => job.JobId.Split('/') is [.., JobKinds.Rollout, _])
            .DistinctBy(job => job.Worker).Select(job =>
                blobs.TryReadJsonAsync<LiveSamples>(BlobLayout.LiveSamples(id, job.Worker), cancellation)));
        // A tail that is left of another job, or of an attempt that was lost, tells of nothing that runs.
        var rows = tails.OfType<LiveSamples>()
            .Where(tail => run.Jobs.Any(job => job.JobId == tail.JobId && job.Worker == tail.Worker))
            .SelectMany(tail => tail.Rows.Select(row => new LiveRow(tail.JobId, tail.Worker, row.FinishedAt, row.Iteration, row.Question,
                row.Sample, row.Prompt, row.Completion, row.Truncated, row.Tokens, row.Answer)));
        return new(id, [.. rows.OrderByDescending(row => row.FinishedAt).Take(limit)]);
    }
}
