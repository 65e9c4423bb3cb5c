using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// How a job's attempts went, as blobs under each attempt's own prefix: one when it begins, one when it ends. An attempt that began and has
/// no word of its end was lost. The queue's count of deliveries tells nothing: a message comes again for reasons of its own, too.
/// </summary>
internal sealed class AttemptHistory(IBlobStore blobs, string runId, string jobId)
{
    /// <summary>Counts the attempts so far.</summary>
    public async Task<AttemptCounts> CountAsync()
    {
        var words = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        var prefix = $"{BlobLayout.Job(runId, jobId)}attempts/";
        await foreach (var blob in blobs.ListAsync(prefix))
        {
            if (blob.Path[prefix.Length..].Split('/') is not [var attempt, var file]) continue;
            if (!words.TryGetValue(attempt, out var files)) words[attempt] = files = [];
            files.Add(file);
        }
        string[] endings = [BlobLayout.FailedFile, BlobLayout.PreemptedFile, BlobLayout.AbandonedFile];
        var lost = words.Values.Count(files => files.Contains(BlobLayout.StartedFile) && !files.Overlaps(endings));
        return new(With(BlobLayout.FailedFile), With(BlobLayout.PreemptedFile), lost);

        int With(string file) => words.Values.Count(files => files.Contains(file));
    }

    /// <summary>Records that an attempt begins.</summary>
    public Task StartedAsync(string attempt) => WordAsync(attempt, BlobLayout.StartedFile, new { attempt });

    /// <summary>Records that an attempt ended with an error.</summary>
    public Task FailedAsync(string attempt, JobError error) => WordAsync(attempt, BlobLayout.FailedFile, error);

    /// <summary>Records that an attempt gave way after saving.</summary>
    public Task PreemptedAsync(string attempt) => WordAsync(attempt, BlobLayout.PreemptedFile, new { attempt });

    /// <summary>Records that an attempt lost its message while storage was away: nobody's fault.</summary>
    public Task AbandonedAsync(string attempt) => WordAsync(attempt, BlobLayout.AbandonedFile, new { attempt });

    /// <summary>Records that a worker could not read the job; it did not begin.</summary>
    public Task RefusedAsync(string attempt, JobRefusal refusal) => WordAsync(attempt, BlobLayout.RefusedFile, refusal);

    /// <summary>The refusals so far.</summary>
    public async Task<IReadOnlyList<JobRefusal>> RefusalsAsync()
    {
        var refusals = new List<JobRefusal>();
        await foreach (var blob in blobs.ListAsync($"{BlobLayout.Job(runId, jobId)}attempts/"))
        {
            if (!blob.Path.EndsWith("/" + BlobLayout.RefusedFile, StringComparison.Ordinal)) continue;
            if (await blobs.TryReadJsonAsync<JobRefusal>(blob.Path) is { } refusal) refusals.Add(refusal);
        }
        return refusals;
    }

    private Task WordAsync<T>(string attempt, string file, T word) =>
        blobs.WriteJsonAsync(BlobLayout.Attempt(runId, jobId, attempt) + file, word);
}

/// <summary>A worker could not read a job.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="StartedAt">When its process was started, by its clock.</param>
/// <param name="RefusedAt">When it refused, by its clock.</param>
internal sealed record JobRefusal(string Worker, DateTimeOffset StartedAt, DateTimeOffset RefusedAt);
