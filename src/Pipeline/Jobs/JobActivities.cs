using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>A job by name.</summary>
/// <param name="RunId">The run.</param>
/// <param name="JobId">The job.</param>
/// <param name="Message">Its queue message; null in histories that were begun before messages were known by their id.</param>
internal sealed record JobRef(string RunId, string JobId, SentMessage? Message = null);

/// <summary>What became of a submission: the result when the job was done already, else the message by which it is on the queue.</summary>
internal sealed record JobSubmission(JobResult? Result = null, SentMessage? Message = null);

/// <summary>Jobs of a run, one of which has failed.</summary>
internal sealed record JobRefs(string RunId, IReadOnlyList<string> JobIds);

/// <summary>A job's id is taken by a job with another content.</summary>
internal sealed class JobConflictException(string message) : Exception(message);

/// <summary>What orchestrations ask of jobs; each may run more than once.</summary>
internal sealed class JobActivities(IBlobStore blobs, JobQueues queues)
{
    public const string Submit = "submit-job";
    public const string Restore = "restore-job";
    public const string Forgive = "forgive-jobs";
    public const string Check = "check-job";
    public const string Read = "read-result";

    private const string Lost = "lost-";

    /// <summary>Writes the spec once and puts the job on the run's queue, unless it has its result.</summary>
    /// <exception cref="JobConflictException">The id belongs to a different job.</exception>
    /// <exception cref="JobFailedException">The job was done before and failed.</exception>
    public Task<JobSubmission> SubmitAsync(JobSpec spec, CancellationToken cancellation) => OrderAsync(spec, whole: false, cancellation);

    /// <summary>The same for a job whose files somebody needs: one that has its result but not its files any more is done again.</summary>
    /// <exception cref="JobConflictException">The id belongs to a different job.</exception>
    /// <exception cref="JobFailedException">The job was done before and failed.</exception>
    public Task<JobSubmission> RestoreAsync(JobSpec spec, CancellationToken cancellation) => OrderAsync(spec, whole: true, cancellation);

    /// <summary>
    /// Sets those of some jobs aside that have failed and whose files are gone: they failed for that, whatever their workers said.
    /// </summary>
    /// <returns>Whether there are any, be it that an earlier call has set them aside.</returns>
    public async Task<bool> ForgiveAsync(JobRefs jobs, CancellationToken cancellation)
    {
        var forgiven = false;
        foreach (var id in jobs.JobIds)
        {
            if (await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(jobs.RunId, id), cancellation) is not { } result)
            {
                forgiven |= await blobs.ListAsync(BlobLayout.Job(jobs.RunId, id) + "result." + Lost, cancellation).AnyAsync(cancellation);
            }
            else if (result.Status == JobStatus.Failed
                && await blobs.TryReadJsonAsync<JobSpec>(BlobLayout.JobSpec(jobs.RunId, id), cancellation) is { } spec
                && !await blobs.AreThereAsync(JobMeaning.Files(spec.Payload), cancellation))
            {
                await blobs.SetAsideAsync(jobs.RunId, result, Lost + result.Attempt, cancellation);
                forgiven = true;
            }
        }
        return forgiven;
    }

    private async Task<JobSubmission> OrderAsync(JobSpec spec, bool whole, CancellationToken cancellation)
    {
        var path = BlobLayout.JobSpec(spec.RunId, spec.JobId);
        if (!await blobs.TryCreateJsonAsync(path, spec, cancellation))
        {
            var stored = await blobs.ReadJsonAsync<JsonElement>(path, cancellation);
            if (JobMeaning.Differences(stored, spec) is { Count: > 0 } fields)
                throw new JobConflictException(
                    $"Job '{spec.JobId}' of run '{spec.RunId}' exists with other content: field {string.Join(", ", fields)} differs.");
            if (await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(spec.RunId, spec.JobId), cancellation) is { } done)
            {
                if (!whole || await blobs.AreThereAsync(Succeeded(done), cancellation)) return new(Succeeded(done));
                await blobs.SetAsideAsync(spec.RunId, done, Lost + done.Attempt, cancellation);
            }
            // It may name files of attempts that are gone by now, or another one that waits.
            if (!JsonElement.DeepEquals(stored, JsonSerializer.SerializeToElement(spec, R1Json.Options)))
                await blobs.WriteJsonAsync(path, spec, cancellation);
        }
        return new(Message: await EnqueueAsync(spec.RunId, spec.JobId, cancellation));
    }

    /// <summary>Looks after a job that nobody has heard of: true when it has its result; a lost message is put again.</summary>
    /// <exception cref="JobFailedException">Its spec is gone, so no worker can do it.</exception>
    public async Task<bool> CheckAsync(JobRef job, CancellationToken cancellation)
    {
        var result = BlobLayout.JobResult(job.RunId, job.JobId);
        if (await blobs.ExistsAsync(result, cancellation)) return true;

        if (await IsQueuedAsync(job, cancellation)) return false;
        if (await blobs.ExistsAsync(result, cancellation)) return true;
        if (!await blobs.ExistsAsync(BlobLayout.JobSpec(job.RunId, job.JobId), cancellation))
            throw new JobFailedException(
                $"Job '{job.JobId}' of run '{job.RunId}' is gone from storage, where something was removed or an older state put back. A "
                + $"retry of the run puts it there again.");
        var sent = await EnqueueAsync(job.RunId, job.JobId, cancellation);
        await blobs.WriteJsonAsync(BlobLayout.JobMessage(job.RunId, job.JobId), sent, cancellation);
        return false;
    }

    /// <summary>A finished job's result.</summary>
    /// <exception cref="JobFailedException">It failed; the message carries the worker's error.</exception>
    /// <exception cref="StorageException">It has none yet.</exception>
    public async Task<JobResult> ReadAsync(JobRef job, CancellationToken cancellation)
    {
        var result = await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(job.RunId, job.JobId), cancellation)
            ?? throw new StorageException($"Job '{job.JobId}' of run '{job.RunId}' was announced as finished but has no result.");
        JobSpans.Ended(job.RunId, result);
        return Succeeded(result);
    }

    // Whether the job's message is there. It stays on the queue, hidden, while the job runs: without it and a result the job is lost.
    private async Task<bool> IsQueuedAsync(JobRef job, CancellationToken cancellation)
    {
        var queue = await queues.GetAsync(BlobLayout.JobQueue(job.RunId), cancellation);
        var again = await blobs.TryReadJsonAsync<SentMessage>(BlobLayout.JobMessage(job.RunId, job.JobId), cancellation);
        // Nothing is known of this job's message alone: only an empty queue says that it is gone.
        if (job.Message is null && again is null) return await queue.CountAsync(cancellation) > 0;
        foreach (var message in new[] { job.Message, again }.OfType<SentMessage>())
        {
            if (await queue.HoldsAsync(message, cancellation)) return true;
        }
        return false;
    }

    private static JobResult Succeeded(JobResult result) => result.Status == JobStatus.Failed ? throw Failure(result) : result;

    private async Task<SentMessage> EnqueueAsync(string runId, string jobId, CancellationToken cancellation)
    {
        var name = BlobLayout.JobQueue(runId);
        var queue = await queues.GetAsync(name, cancellation);
        try
        {
            return await queue.SendAsync(JsonSerializer.Serialize(new JobMessage(runId, jobId), R1Json.Options),
                cancellation: cancellation);
        }
        catch (StorageException)
        {
            // It may have been removed behind our back: the next attempt creates it again.
            queues.Forget(name);
            throw;
        }
    }

    private static JobFailedException Failure(JobResult result)
    {
        var why = result.Error is { } error ? $"{error.Type}: {error.Message} (exit code {error.ExitCode})" : "the worker gave no reason";
        var (failed, preempted, lost) = result.Attempts;
        return new($"Job '{result.JobId}' failed on worker '{result.Worker}': {why}. Attempts before: {failed} failed, {preempted} "
            + $"preempted, {lost} lost.");
    }
}
