using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// How a job's attempts went, as blobs under each attempt's own prefix: one when it begins, one when it ends. An attempt that began and has
/// no word of its end was lost. The queue's count of deliveries tells nothing: a message comes again for reasons of its own, too.
/// </summary>
internal sealed class AttemptHistory(IBlobStore blobs, string runId, string jobId)
{
    private static readonly string[] Endings = [BlobLayout.FailedFile, BlobLayout.PreemptedFile, BlobLayout.AbandonedFile];

    /// <summary>The attempts so far.</summary>
    public async Task<PastAttempts> ReadAsync()
    {
        var words = new Dictionary<string, Dictionary<string, DateTimeOffset>>(StringComparer.Ordinal);
        var prefix = $"{BlobLayout.Job(runId, jobId)}attempts/";
        await foreach (var blob in blobs.ListAsync(prefix))
        {
            if (blob.Path[prefix.Length..].Split('/') is not [var attempt, var file]) continue;
            if (!words.TryGetValue(attempt, out var files)) words[attempt] = files = [];
            files[file] = blob.ModifiedAt;
        }
        var started = words.Where(attempt => attempt.Value.ContainsKey(BlobLayout.StartedFile))
            .Select(attempt =>
                (Name: attempt.Key, At: attempt.Value[BlobLayout.StartedFile], Lost: !Endings.Any(attempt.Value.ContainsKey)))
            .OrderBy(attempt => attempt.At).ToList();
        // Those before another one's start have been noticed by that one.
        var lost = started is [.., { Lost: true } last] ? new LostAttempt(last.Name, last.At) : null;
        return new(new(With(BlobLayout.FailedFile), With(BlobLayout.PreemptedFile), started.Count(attempt => attempt.Lost)), lost);

        int With(string file) => words.Values.Count(files => files.ContainsKey(file));
    }

    /// <summary>
    /// Versions of the arithmetic, other than this program's, under which the job was tried before, results that were set aside for a
    /// retry included. A training goes on from what an earlier attempt saved, and of two that end at the same time the first one's
    /// checkpoint counts.
    /// </summary>
    /// <param name="attempt">The attempt that asks.</param>
    /// <returns>The versions in order; null where there are none.</returns>
    public async Task<IReadOnlyList<int>?> OtherNumericsAsync(string attempt)
    {
        var versions = new SortedSet<int>();
        var job = BlobLayout.Job(runId, jobId);
        await foreach (var blob in blobs.ListAsync(job))
        {
            var tells = blob.Path[job.Length..].Split('/') switch
            {
                ["attempts", var other, BlobLayout.StartedFile] => other != attempt,
                [var file] => file.StartsWith("result.", StringComparison.Ordinal),
                _ => false,
            };
            if (!tells || await blobs.TryReadJsonAsync<AttemptNumerics>(blob.Path) is not { } past) continue;
            versions.Add(past.Numerics);
            versions.UnionWith(past.OtherNumerics ?? []);
        }
        versions.Remove(TrainerNumerics.Version);
        return versions.Count == 0 ? null : [.. versions];
    }

    /// <summary>Records that an attempt begins.</summary>
    public Task StartedAsync(string attempt) =>
        WordAsync(attempt, BlobLayout.StartedFile, new { attempt, numerics = TrainerNumerics.Version });

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

/// <summary>What an attempt's beginning, or a result, tells of the arithmetic.</summary>
/// <param name="Numerics">As of <see cref="JobResult.Numerics"/>.</param>
/// <param name="OtherNumerics">As of <see cref="JobResult.OtherNumerics"/>.</param>
internal sealed record AttemptNumerics(int Numerics = 1, IReadOnlyList<int>? OtherNumerics = null);

/// <summary>How a job's attempts went.</summary>
/// <param name="Counts">How many ended how.</param>
/// <param name="Lost">The last one, when it was lost: nobody has noticed before.</param>
internal sealed record PastAttempts(AttemptCounts Counts, LostAttempt? Lost);

/// <summary>An attempt without a word of its end.</summary>
/// <param name="Name">The attempt.</param>
/// <param name="StartedAt">When it began, by the storage's clock.</param>
internal sealed record LostAttempt(string Name, DateTimeOffset StartedAt);

/// <summary>A worker could not read a job.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="StartedAt">When its process was started, by its clock.</param>
/// <param name="RefusedAt">When it refused, by its clock.</param>
internal sealed record JobRefusal(string Worker, DateTimeOffset StartedAt, DateTimeOffset RefusedAt);
