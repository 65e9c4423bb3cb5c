using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A job's attempts by the words that they have left, and how each ended.</summary>
internal static class JobAttempts
{
    /// <summary>Names of blobs below a job's folder.</summary>
    public const string SpecFile = "spec.json", ResultFile = "result.json", ProgressFile = "progress.json";

    private const string Folder = "attempts/";

    // As long as a worker that still works may say nothing.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);

    private static readonly (string File, AttemptOutcome Outcome)[] Endings =
    [
        (BlobLayout.FailedFile, AttemptOutcome.Failed), (BlobLayout.PreemptedFile, AttemptOutcome.Preempted),
        (BlobLayout.AbandonedFile, AttemptOutcome.Abandoned), (BlobLayout.RefusedFile, AttemptOutcome.Refused),
    ];

    /// <summary>The attempts, by their beginning.</summary>
    public static IReadOnlyList<JobAttempt> Of(JobBlobs job, JobResult? result, JobProgress? progress, DateTimeOffset now)
    {
        var attempts = new List<JobAttempt>();
        foreach (var words in Words(job))
        {
            if (words.Key == result?.Attempt) continue;
            DateTimeOffset? started = words.Value.TryGetValue(BlobLayout.StartedFile, out var begun) ? begun : null;
            var ending = Endings.FirstOrDefault(one => words.Value.ContainsKey(one.File));
            attempts.Add(ending.File is null
                ? new(words.Key, AttemptOutcome.Lost, StartedAt: started)
                : new(words.Key, ending.Outcome, StartedAt: started, EndedAt: words.Value[ending.File]));
        }
        attempts.Sort((a, b) => Nullable.Compare(a.StartedAt ?? a.EndedAt, b.StartedAt ?? b.EndedAt));
        if (result is not null) attempts.Add(Ended(result, job));
        if (attempts.Count > RunJobsReader.MaxAttempts) attempts.RemoveRange(0, attempts.Count - RunJobsReader.MaxAttempts);
        for (var i = 0; i < attempts.Count; i++)
        {
            var attempt = attempts[i];
            var told = progress?.Attempt == attempt.Attempt;
            if (result is null && attempt.Outcome == AttemptOutcome.Lost
                && (i == attempts.Count - 1 || (told && Instants.Between(progress!.UpdatedAt, now) < Fresh)))
                attempt = attempt with { Outcome = AttemptOutcome.Running };
            attempts[i] = attempt with
            {
                Worker = attempt.Worker ?? (told ? progress!.Worker : AttemptName.WorkerOf(attempt.Attempt)),
            };
        }
        return attempts;
    }

    private static JobAttempt Ended(JobResult result, JobBlobs job)
    {
        var outcome = result.Status == JobStatus.Succeeded ? AttemptOutcome.Won : AttemptOutcome.Failed;
        var begun = result.Timing.StartedAt;
        return new(result.Attempt, outcome, result.Worker.Length > 0 ? result.Worker : null, begun == default ? null : begun,
            begun == default ? job.Times[ResultFile] : Instants.After(begun, TimeSpan.FromSeconds(result.Timing.Total)));
    }

    private static Dictionary<string, Dictionary<string, DateTimeOffset>> Words(JobBlobs job)
    {
        var words = new Dictionary<string, Dictionary<string, DateTimeOffset>>(StringComparer.Ordinal);
        foreach (var (path, at) in job.Times)
        {
            if (path.Split('/') is not [_, var attempt, var file] || !path.StartsWith(Folder, StringComparison.Ordinal)
                || !BlobLayout.AttemptWords.Contains(file)) continue;
            if (!words.TryGetValue(attempt, out var files)) words[attempt] = files = new(StringComparer.Ordinal);
            files[file] = at;
        }
        return words;
    }
}
