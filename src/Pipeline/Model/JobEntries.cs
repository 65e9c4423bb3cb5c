using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Model;

/// <summary>Jobs of a run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Jobs">The jobs by the time at which they were ordered.</param>
/// <param name="Earlier">What to ask for next; null where there are no earlier ones.</param>
public sealed record RunJobs(string RunId, IReadOnlyList<JobEntry> Jobs, EarlierJobs? Earlier = null);

/// <summary>Where earlier jobs are.</summary>
/// <param name="Stage">The label to give as <c>stage</c>.</param>
/// <param name="To">The iteration to give as <c>to</c>.</param>
public sealed record EarlierJobs(string Stage, int To);

/// <summary>A job with its attempts.</summary>
public sealed record JobEntry
{
    /// <summary>Its id.</summary>
    public required string JobId { get; init; }
    /// <summary>The label of its stage.</summary>
    public required string Stage { get; init; }
    /// <summary>Its iteration, from 0; for an evaluation the model's step.</summary>
    public required int Iteration { get; init; }
    /// <summary>Its kind, as in <see cref="JobKinds"/>.</summary>
    public required string Kind { get; init; }
    /// <summary>Its shard, from 0.</summary>
    public required int Shard { get; init; }
    /// <summary>Where it stands.</summary>
    public required JobState Status { get; init; }
    /// <summary>When it was ordered.</summary>
    public DateTimeOffset? QueuedAt { get; init; }
    /// <summary>When its first attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it had its result.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>Who did it, or does.</summary>
    public string? Worker { get; init; }
    /// <summary>Steps done, while it runs.</summary>
    public int? Step { get; init; }
    /// <summary>Steps in all, while it runs.</summary>
    public int? Steps { get; init; }
    /// <summary>Where its time went, in seconds; once it has its result.</summary>
    public JobEntryTiming? Timing { get; init; }
    /// <summary>Its attempts in order, the newest ones where there are many.</summary>
    public required IReadOnlyList<JobAttempt> Attempts { get; init; }
    /// <summary>Why it failed.</summary>
    public JobEntryError? Error { get; init; }
    /// <summary>What it waits for while storage is away.</summary>
    public string? Waiting { get; init; }
}

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>It was ordered; nobody works on it.</summary>
    Queued,
    /// <summary>An attempt is under way.</summary>
    Running,
    /// <summary>It has its result.</summary>
    Done,
    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>One attempt at a job.</summary>
/// <param name="Attempt">Its name.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Worker">Who made it; null where nobody wrote it down.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null where it runs or nobody knows.</param>
public sealed record JobAttempt(string Attempt, AttemptOutcome Outcome, string? Worker = null, DateTimeOffset? StartedAt = null,
    DateTimeOffset? EndedAt = null);

/// <summary>How an attempt ended.</summary>
public enum AttemptOutcome
{
    /// <summary>It is under way, as far as storage shows.</summary>
    Running,
    /// <summary>Its result is the job's.</summary>
    Won,
    /// <summary>It ended with an error.</summary>
    Failed,
    /// <summary>It gave way to a stop signal.</summary>
    Preempted,
    /// <summary>It lost its message while storage was away.</summary>
    Abandoned,
    /// <summary>Its worker could not read the job.</summary>
    Refused,
    /// <summary>It ended without a word, or another one was quicker.</summary>
    Lost,
}

/// <summary>Where a job's time went, in seconds.</summary>
/// <param name="Total">All of it.</param>
/// <param name="Generation">Generating tokens.</param>
/// <param name="Reward">Scoring completions.</param>
/// <param name="Update">Forward, backward and optimizer.</param>
/// <param name="Storage">Reading and writing blobs.</param>
public sealed record JobEntryTiming(double Total, double Generation, double Reward, double Update, double Storage);

/// <summary>Why a job failed.</summary>
/// <param name="Type">The error's type.</param>
/// <param name="Message">Its message, cut where it is long.</param>
/// <param name="ExitCode">The exit code of its class; see <see cref="ExitCodes"/>.</param>
public sealed record JobEntryError(string Type, string Message, int ExitCode);
