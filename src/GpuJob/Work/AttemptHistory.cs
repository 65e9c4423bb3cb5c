using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// How a job's attempts ended, as blobs under each attempt's own prefix. An attempt that ended without a word left none: the queue's count
/// of deliveries tells of it.
/// </summary>
internal sealed class AttemptHistory(IBlobStore blobs, string runId, string jobId)
{
    private const string PreemptedFile = "preempted.json";

    /// <summary>Counts the attempts before this delivery.</summary>
    /// <param name="deliveries">How often the job's message was taken, this time included.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<AttemptCounts> CountAsync(long deliveries, CancellationToken cancellation)
    {
        if (deliveries <= 1) return new(0, 0, 0);
        var (failed, preempted) = (0, 0);
        await foreach (var blob in blobs.ListAsync($"{BlobLayout.Job(runId, jobId)}attempts/", cancellation))
        {
            if (blob.Path.EndsWith("/" + BlobLayout.FailedFile, StringComparison.Ordinal)) failed++;
            if (blob.Path.EndsWith("/" + PreemptedFile, StringComparison.Ordinal)) preempted++;
        }
        return new(failed, preempted, (int)Math.Max(0, deliveries - 1 - failed - preempted));
    }

    /// <summary>Records that an attempt ended with an error.</summary>
    public Task FailedAsync(string attempt, JobError error) => blobs.WriteJsonAsync(BlobLayout.FailedAttempt(runId, jobId, attempt), error);

    /// <summary>Records that an attempt gave way after saving.</summary>
    public Task PreemptedAsync(string attempt) =>
        blobs.WriteJsonAsync(BlobLayout.Attempt(runId, jobId, attempt) + PreemptedFile, new { attempt });
}
