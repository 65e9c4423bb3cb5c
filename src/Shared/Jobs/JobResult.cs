namespace R1Cloud.Shared.Jobs;

/// <summary>A job's one commit point: the first attempt to create this blob wins.</summary>
[StoredForm(1)]
public sealed record JobResult
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }
    /// <summary>How it ended.</summary>
    public required JobStatus Status { get; init; }
    /// <summary>The attempt that won.</summary>
    public required string Attempt { get; init; }
    /// <summary>The worker that ran it.</summary>
    public string Worker { get; init; } = "";
    /// <summary>Paths of the outputs by name, e.g. <c>checkpoint</c>, <c>tokens</c>, <c>samples</c>, <c>steps</c>.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>();
    /// <summary>Figures by the field's names, e.g. <c>reward/mean</c>.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    /// <summary>Where the time went.</summary>
    public JobTiming Timing { get; init; } = new();
    /// <summary>Why it failed, when failed.</summary>
    public JobError? Error { get; init; }
    /// <summary>The version of the trainer's arithmetic (<see cref="TrainerNumerics.Version"/>) that made it; none means 1.</summary>
    public int Numerics { get; init; } = 1;
    /// <summary>
    /// Other versions under which the job was tried: what those attempts saved may have a part in this result. Null where there are none.
    /// </summary>
    public IReadOnlyList<int>? OtherNumerics { get; init; }
    /// <summary>How many attempts failed, were preempted, and were lost before this one.</summary>
    public AttemptCounts Attempts { get; init; } = new(0, 0, 0);
}

/// <summary>Where a job's time went, in seconds.</summary>
public sealed record JobTiming
{
    /// <summary>When the job was put on its queue; null where that is not known.</summary>
    public DateTimeOffset? OrderedAt { get; init; }
    /// <summary>When the worker took it.</summary>
    public DateTimeOffset StartedAt { get; init; }
    /// <summary>From taking it to committing the result.</summary>
    public double Total { get; init; }
    /// <summary>Generating tokens.</summary>
    public double Generation { get; init; }
    /// <summary>Scoring completions.</summary>
    public double Reward { get; init; }
    /// <summary>Forward, backward and optimizer.</summary>
    public double Update { get; init; }
    /// <summary>Reading and writing blobs, hashing and (de)serialising included.</summary>
    public double Storage { get; init; }
}

/// <summary>Why a job failed, as the worker saw it.</summary>
/// <param name="Type">The error's type.</param>
/// <param name="Message">Its message.</param>
/// <param name="Detail">The stack trace or the process's last words.</param>
/// <param name="ExitCode">The exit code of its class; see <see cref="ExitCodes"/>.</param>
public sealed record JobError(string Type, string Message, string? Detail = null, int ExitCode = ExitCodes.Retryable);

/// <summary>How a job's earlier attempts ended.</summary>
/// <param name="Failed">Ended with an error.</param>
/// <param name="Preempted">Gave way to a stop signal after saving; never counted against the job.</param>
/// <param name="Lost">Ended without a word.</param>
public sealed record AttemptCounts(int Failed, int Preempted, int Lost);

/// <summary>What a worker's exit code means.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;
    /// <summary>The input is bad: never tried again.</summary>
    public const int BadInput = 10;
    /// <summary>Failed in a way that another attempt may mend.</summary>
    public const int Retryable = 20;
    /// <summary>Stopped by signal after saving; goes on elsewhere.</summary>
    public const int Preempted = 30;
    /// <summary>The worker cannot read a job, most likely because it is older than the run's orchestrator: another worker may.</summary>
    public const int Outdated = 40;
}

/// <summary>A job has ended as failed; thrown where its result was needed.</summary>
/// <param name="message">Names the job and the worker's error.</param>
public sealed class JobFailedException(string message) : Exception(message);
