using System.Text.Json;
using System.Text.Json.Nodes;
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

/// <summary>A job's id is taken by a job with another content.</summary>
internal sealed class JobConflictException(string message) : Exception(message);

/// <summary>What orchestrations ask of jobs; each may run more than once.</summary>
internal sealed class JobActivities(IBlobStore blobs, JobQueues queues)
{
    public const string Submit = "submit-job";
    public const string Check = "check-job";
    public const string Read = "read-result";

    /// <summary>Writes the spec once and puts the job on the run's queue, unless it has its result.</summary>
    /// <exception cref="JobConflictException">The id belongs to a different job.</exception>
    /// <exception cref="JobFailedException">The job was done before and failed.</exception>
    public async Task<JobSubmission> SubmitAsync(JobSpec spec, CancellationToken cancellation)
    {
        var path = BlobLayout.JobSpec(spec.RunId, spec.JobId);
        if (!await blobs.TryCreateJsonAsync(path, spec, cancellation))
        {
            var existing = await blobs.ReadJsonAsync<JsonElement>(path, cancellation);
            if (!JsonElement.DeepEquals(existing, JsonSerializer.SerializeToElement(spec, R1Json.Options)))
                throw new JobConflictException($"Job '{spec.JobId}' of run '{spec.RunId}' exists with other content: {Difference(existing, spec)}.");
            if (await TryReadAsync(new(spec.RunId, spec.JobId), cancellation) is { } done) return new(done);
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
            throw new JobFailedException($"Job '{job.JobId}' of run '{job.RunId}' is gone from storage, where something was removed or an older state put back. A retry of the run puts it there again.");
        var sent = await EnqueueAsync(job.RunId, job.JobId, cancellation);
        await blobs.WriteJsonAsync(BlobLayout.JobMessage(job.RunId, job.JobId), sent, cancellation);
        return false;
    }

    /// <summary>A finished job's result.</summary>
    /// <exception cref="JobFailedException">It failed; the message carries the worker's error.</exception>
    /// <exception cref="StorageException">It has none yet.</exception>
    public async Task<JobResult> ReadAsync(JobRef job, CancellationToken cancellation) =>
        await TryReadAsync(job, cancellation)
        ?? throw new StorageException($"Job '{job.JobId}' of run '{job.RunId}' was announced as finished but has no result.");

    /// <summary>Whether the job's message is there. It stays on the queue, hidden, while the job runs: without it and a result the job is lost.</summary>
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

    private async Task<JobResult?> TryReadAsync(JobRef job, CancellationToken cancellation)
    {
        var result = await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(job.RunId, job.JobId), cancellation);
        return result is { Status: JobStatus.Failed } ? throw Failure(result) : result;
    }

    private async Task<SentMessage> EnqueueAsync(string runId, string jobId, CancellationToken cancellation)
    {
        var name = BlobLayout.JobQueue(runId);
        var queue = await queues.GetAsync(name, cancellation);
        try
        {
            return await queue.SendAsync(JsonSerializer.Serialize(new JobMessage(runId, jobId), R1Json.Options), cancellation: cancellation);
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
        return new($"Job '{result.JobId}' failed on worker '{result.Worker}': {why}. Attempts before: {failed} failed, {preempted} preempted, {lost} lost.");
    }

    private static string Difference(JsonElement existing, JobSpec spec)
    {
        var old = JsonObject.Create(existing) ?? [];
        var now = JsonSerializer.SerializeToNode(spec, R1Json.Options)!.AsObject();
        var fields = now.Select(field => field.Key).Union(old.Select(field => field.Key))
            .Where(name => !JsonNode.DeepEquals(old[name], now[name]));
        return $"field {string.Join(", ", fields)} differs";
    }
}
