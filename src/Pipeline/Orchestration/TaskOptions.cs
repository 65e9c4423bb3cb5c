namespace R1Cloud.Pipeline.Orchestration;

/// <summary>How a call to an activity or sub-orchestration is made.</summary>
/// <param name="Retry">What to do when it fails; null means one attempt.</param>
public record TaskOptions(RetryPolicy? Retry = null);

/// <summary>Options of a sub-orchestration call.</summary>
/// <param name="Retry">What to do when it fails; null means one attempt.</param>
/// <param name="InstanceId">The sub-orchestration's instance id; null derives one from the caller's.</param>
public sealed record SubOrchestrationOptions(RetryPolicy? Retry = null, string? InstanceId = null) : TaskOptions(Retry);

/// <summary>When and how often a failed call is tried again. The waits are durable timers.</summary>
public sealed record RetryPolicy
{
    /// <summary>Attempts in all, the first included; at least 1.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The wait before the second attempt.</summary>
    public TimeSpan FirstInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What each further wait is multiplied by; at least 1.</summary>
    public double Backoff { get; init; } = 2;

    /// <summary>No wait is longer than this.</summary>
    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Error types (<see cref="FailureDetails.ErrorType"/>, with or without namespace) that no further attempt can mend.</summary>
    public IReadOnlyList<string> NonRetryable { get; init; } = [];

    /// <summary>
    /// Error types (named as above) that are waited for: attempts go on, however many, until their waits add up to <see cref="Patience"/>.
    /// </summary>
    public IReadOnlyList<string> Waited { get; init; } = [];

    /// <summary>How long errors of <see cref="Waited"/> are waited for.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>
    /// Called in the orchestrator, before each wait, with what it is for: it may publish a status, and must be as deterministic as the
    /// orchestrator.
    /// </summary>
    public Action<FailureDetails>? OnWait { get; init; }

    /// <summary>The wait after the given attempt failed.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    public TimeSpan IntervalAfter(int attempt)
    {
        var ticks = FirstInterval.Ticks * Math.Pow(Backoff, attempt - 1);
        return ticks >= MaxInterval.Ticks ? MaxInterval : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>Whether another attempt is allowed after this one failed.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="failure">How it failed.</param>
    public bool Allows(int attempt, FailureDetails failure) =>
        !NonRetryable.Any(failure.IsCausedBy)
        && (attempt < MaxAttempts || (Waited.Any(failure.IsCausedBy) && WaitedAfter(attempt) <= Patience));

    private TimeSpan WaitedAfter(int attempt) =>
        TimeSpan.FromTicks(Enumerable.Range(1, attempt).Sum(earlier => IntervalAfter(earlier).Ticks));
}
