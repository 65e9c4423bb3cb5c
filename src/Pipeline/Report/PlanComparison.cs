namespace R1Cloud.Pipeline.Report;

/// <summary>A run's plan set against what it took.</summary>
public sealed record PlanComparison
{
    /// <summary>The device that the plan was made for.</summary>
    public required string Device { get; init; }
    /// <summary>The stages in order.</summary>
    public required IReadOnlyList<StageComparison> Stages { get; init; }
    /// <summary>Where the workers' time went.</summary>
    public required WorkerTime Workers { get; init; }
}

/// <summary>A stage's plan and what it took, its evaluations included. Null: no estimate, or jobs that did not say.</summary>
/// <param name="Label">The stage.</param>
/// <param name="Seconds">Wall time taken.</param>
/// <param name="PlannedSeconds">Wall time planned.</param>
/// <param name="PlannedGenerated">Tokens to be sampled.</param>
/// <param name="Generated">Tokens sampled.</param>
/// <param name="PlannedTrained">Tokens to be trained on.</param>
/// <param name="Trained">Tokens trained on.</param>
public sealed record StageComparison(
    string Label, double Seconds, double? PlannedSeconds = null,
    double? PlannedGenerated = null, double? Generated = null, double? PlannedTrained = null, double? Trained = null);

/// <summary>
/// Where the workers' seconds went. Of attempts that failed or were lost only the number is known: each counts as long as the attempt that
/// won, and together they take no more than what is left of the paid time. A preempted attempt saves what it did, so it is counted and not
/// timed.
/// </summary>
public sealed record WorkerTime
{
    /// <summary>Workers × the time from start to end.</summary>
    public required double Paid { get; init; }
    /// <summary>Seconds of the attempts whose results count.</summary>
    public required double Useful { get; init; }
    /// <summary>Estimated seconds of attempts that failed or were lost, whose work was done again.</summary>
    public required double Recomputed { get; init; }
    /// <summary>The rest: waiting for jobs, starting.</summary>
    public double Idle => Math.Max(0, Paid - Useful - Recomputed);
    /// <summary>Attempts that failed.</summary>
    public required int Failed { get; init; }
    /// <summary>Attempts that ended without a word.</summary>
    public required int Lost { get; init; }
    /// <summary>Attempts that gave way after saving.</summary>
    public required int Preempted { get; init; }
}
