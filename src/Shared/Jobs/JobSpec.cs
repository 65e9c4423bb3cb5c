namespace R1Cloud.Shared.Jobs;

/// <summary>An immutable order to a worker, kept at <see cref="Storage.BlobLayout.JobSpec"/>.</summary>
[StoredForm(1)]
public sealed record JobSpec
{
    /// <summary>The run it belongs to.</summary>
    public required string RunId { get; init; }

    /// <summary>Its deterministic id, <c>{stage}/{iteration}/{kind}/{shard}</c>; see <see cref="Jobs.JobId"/>.</summary>
    public required string JobId { get; init; }

    /// <summary>What to do.</summary>
    public required JobPayload Payload { get; init; }

    /// <summary>Who waits for it; null when nobody does (a job run by hand).</summary>
    public JobNotify? Notify { get; init; }

    /// <summary>How its failures are treated.</summary>
    public Recipes.JobsRecipe Retry { get; init; } = new();
}

/// <summary>The orchestration that waits for a job: its completion is raised there as an external event.</summary>
/// <param name="InstanceId">The waiting instance.</param>
/// <param name="EventName">The event it waits for.</param>
public sealed record JobNotify(string InstanceId, string EventName);

/// <summary>A message on a run's job queue: the order is in the spec blob.</summary>
/// <param name="RunId">The run.</param>
/// <param name="JobId">The job.</param>
public sealed record JobMessage(string RunId, string JobId);

/// <summary>A message on the completions queue: a job has its result.</summary>
/// <param name="RunId">The run.</param>
/// <param name="JobId">The job.</param>
/// <param name="Notify">Who waits for it.</param>
/// <param name="Status">How it ended.</param>
public sealed record JobCompletion(string RunId, string JobId, JobNotify? Notify = null, JobStatus Status = JobStatus.Succeeded);

/// <summary>How a job ended.</summary>
public enum JobStatus
{
    /// <summary>Its outputs are good.</summary>
    Succeeded,
    /// <summary>It was given up; the result's error says why.</summary>
    Failed,
}
