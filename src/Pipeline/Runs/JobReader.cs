using System.Collections.Concurrent;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Describes jobs by what they and their attempts have left in storage.</summary>
internal sealed class JobReader(IBlobStore blobs, TimeProvider clock)
{
    private const int MostCached = 8192, AtOnce = 16, LongestMessage = 4_000;

    // A result never changes; one that is made again has another time.
    private readonly ConcurrentDictionary<(string Path, DateTimeOffset At), JobResult> results = new();

    /// <summary>Describes them, in the order given.</summary>
    public async Task<IReadOnlyList<JobEntry>> ReadAsync(string runId, IReadOnlyList<JobBlobs> jobs, CancellationToken cancellation)
    {
        var entries = new JobEntry[jobs.Count];
        await Parallel.ForAsync(0, jobs.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (i, token) => entries[i] = await ReadAsync(runId, jobs[i], token));
        return entries;
    }

    private async Task<JobEntry> ReadAsync(string runId, JobBlobs job, CancellationToken cancellation)
    {
        var result = await ResultAsync(BlobLayout.JobResult(runId, job.Id), job, cancellation);
        var progress = result is null && job.Times.ContainsKey(JobAttempts.ProgressFile)
            ? await blobs.TryReadJsonAsync<JobProgress>(BlobLayout.JobProgress(runId, job.Id), cancellation) : null;
        var attempts = JobAttempts.Of(job, result, progress, clock.GetUtcNow());
        var running = attempts.LastOrDefault(attempt => attempt.Outcome == AttemptOutcome.Running);
        var own = running is not null && progress?.Attempt == running.Attempt ? progress : null;
        return new()
        {
            JobId = job.Id, Stage = job.Stage, Iteration = job.Iteration, Kind = job.Kind, Shard = job.Shard,
            Status = result is { } ended ? ended.Status == JobStatus.Succeeded ? JobState.Done : JobState.Failed
                : running is null ? JobState.Queued : JobState.Running,
            QueuedAt = job.Times.TryGetValue(JobAttempts.SpecFile, out var queued) ? queued : null,
            StartedAt = attempts.Min(attempt => attempt.StartedAt),
            EndedAt = result is null ? null : job.Times[JobAttempts.ResultFile],
            Worker = result is null ? running?.Worker : NameOf(result.Worker),
            Step = own?.Step, Steps = own?.Steps, Waiting = own?.Waiting,
            Timing = result is { Timing: var time }
                ? new(time.Total, time.Generation, time.Reward, time.Update, time.Storage) : null,
            Attempts = attempts,
            Error = result?.Error is { } error ? new(error.Type, Cut(error.Message), error.ExitCode) : null,
        };
    }

    private async Task<JobResult?> ResultAsync(string path, JobBlobs job, CancellationToken cancellation)
    {
        if (!job.Times.TryGetValue(JobAttempts.ResultFile, out var at)) return null;
        if (results.TryGetValue((path, at), out var known)) return known;
        if (await blobs.TryReadJsonAsync<JobResult>(path, cancellation) is not { } result) return null;
        if (results.Count >= MostCached) results.Clear();
        // What nobody is shown need not be kept at hand.
        return results[(path, at)] = result with
        {
            Outputs = new Dictionary<string, string>(), Metrics = new Dictionary<string, double>(),
            Error = result.Error is { } error ? error with { Message = Cut(error.Message), Detail = null } : null,
        };
    }

    private static string Cut(string text) => text.Length <= LongestMessage ? text : text[..LongestMessage] + "…";

    private static string? NameOf(string worker) => worker.Length > 0 ? worker : null;
}
