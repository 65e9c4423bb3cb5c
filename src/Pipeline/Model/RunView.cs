using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Model;

/// <summary>A run as the API shows it.</summary>
public sealed record RunView
{
    /// <summary>The run's id.</summary>
    public required string Id { get; init; }
    /// <summary>The recipe's name.</summary>
    public required string Name { get; init; }
    /// <summary>SHA-256 of the resolved recipe, hex.</summary>
    public required string RecipeHash { get; init; }
    /// <summary>Where it leaves the run that it is a fork of; null where it is none.</summary>
    public ForkOrigin? Fork { get; init; }
    /// <summary>Where it stands.</summary>
    public required RunStatus Status { get; init; }
    /// <summary>Its stages in order.</summary>
    public required IReadOnlyList<StageView> Stages { get; init; }
    /// <summary>The jobs that are running, as far as they have said a word.</summary>
    public IReadOnlyList<JobView> Jobs { get; init; } = [];
    /// <summary>Its workers.</summary>
    public WorkerPoolView Workers { get; init; } = WorkerPoolView.None;
    /// <summary>Why it failed, or why it was cancelled.</summary>
    public string? Error { get; init; }
    /// <summary>
    /// What the run itself waits for while storage is away: the activity and the reason; null while it goes on. Of its jobs
    /// <see cref="Jobs"/> says so.
    /// </summary>
    public string? Waiting { get; init; }
    /// <summary>Seconds the running stage is likely to need still; null when nothing is known yet.</summary>
    public double? EtaSeconds { get; init; }
    /// <summary>Where the time of its stages went so far.</summary>
    public TimeBreakdown Time { get; init; } = new();
    /// <summary>What it cost so far.</summary>
    public required RunCost Cost { get; init; }
    /// <summary>How it stands with its budget; null where it has none.</summary>
    public BudgetView? Budget { get; init; }
    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>When its first stage began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>A run in a listing.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The recipe's name.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Stage">The stage that runs or ran last.</param>
public sealed record RunSummary(string Id, string Name, RunStatus Status, DateTimeOffset CreatedAt, string? Stage = null)
{
    /// <summary>The stage's kind, e.g. <c>rl</c>.</summary>
    public string? Kind { get; init; }
    /// <summary>How many stages it has; null before it has begun.</summary>
    public int? Stages { get; init; }
    /// <summary>How many of them have their result.</summary>
    public int? StagesDone { get; init; }
    /// <summary>Steps or iterations of the stage that are done, as of <see cref="ProgressedAt"/>.</summary>
    public int? Done { get; init; }
    /// <summary>Steps or iterations of the stage in all.</summary>
    public int? Total { get; init; }
    /// <summary>When a stage or an iteration was last finished.</summary>
    public DateTimeOffset? ProgressedAt { get; init; }
    /// <summary>Seconds that the running stage is likely to need still, at the pace of its last iterations.</summary>
    public double? EtaSeconds { get; init; }
    /// <summary>When its first stage began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>What it had cost as of <see cref="ProgressedAt"/>.</summary>
    public SummaryCost? Cost { get; init; }
    /// <summary>The last measurement of a model.</summary>
    public SummaryScore? PassAt1 { get; init; }
    /// <summary>Mean reward of the last iteration.</summary>
    public double? Reward { get; init; }
    /// <summary>Why it failed; cut where it is long.</summary>
    public string? Error { get; init; }
}

/// <summary>What a run has cost.</summary>
/// <param name="Amount">How much.</param>
/// <param name="Currency">ISO 4217 code.</param>
public sealed record SummaryCost(double Amount, string Currency);

/// <summary>How good a model was when it was last measured.</summary>
/// <param name="Stage">The label of its stage.</param>
/// <param name="Benchmark">The benchmark: the recipe's first.</param>
/// <param name="Value">pass@1, from 0 to 1; where nothing was sampled the share of greedy answers that are right.</param>
/// <param name="Ci95">Half the width of its 95 % confidence interval, where samples give one.</param>
/// <param name="Greedy">Whether it is of greedy answers.</param>
public sealed record SummaryScore(string Stage, string Benchmark, double Value, double? Ci95 = null, bool Greedy = false);

/// <summary>Runs, newest first.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="Next">What to give as <c>after</c> for those that follow; null when these are the last.</param>
public sealed record RunList(IReadOnlyList<RunSummary> Runs, string? Next = null);

/// <summary>Where a run stands.</summary>
public enum RunStatus
{
    /// <summary>Accepted, not yet begun.</summary>
    Queued,
    /// <summary>Its stages run.</summary>
    Running,
    /// <summary>Held until resumed.</summary>
    Paused,
    /// <summary>Every stage has its result.</summary>
    Completed,
    /// <summary>A stage failed; it can be retried.</summary>
    Failed,
    /// <summary>Ended by request; it can be retried.</summary>
    Cancelled,
}

/// <summary>A stage as the API shows it.</summary>
public sealed record StageView
{
    /// <summary>Its name in the recipe.</summary>
    public required string Name { get; init; }
    /// <summary>Its name with <c>~n</c> appended when it is run again for the n-th time; metrics and checkpoints carry it.</summary>
    public required string Label { get; init; }
    /// <summary>Its kind, e.g. <c>pretrain</c> or <c>rl</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>The stage whose model it starts from; null where it makes its own.</summary>
    public string? From { get; init; }
    /// <summary>The stage beside which it is a control; null for another one.</summary>
    public string? ControlOf { get; init; }
    /// <summary>The stages that it builds on, each with what it gives.</summary>
    public IReadOnlyList<StageNeed> Needs { get; init; } = [];
    /// <summary>Where it stands.</summary>
    public required StageStatus Status { get; init; }
    /// <summary>Steps or iterations done.</summary>
    public int Done { get; init; }
    /// <summary>Steps or iterations in all; 0 while that is not known.</summary>
    public int Total { get; init; }
    /// <summary>What it does just now, e.g. <c>rollout</c>, <c>update</c>, <c>evaluate</c>.</summary>
    public string? Phase { get; init; }
    /// <summary>When it began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>The latest figures by the names of <see cref="Shared.Metrics.MetricNames"/>; those of the evaluation once there.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    /// <summary>The latest checkpoint, once there.</summary>
    public string? Checkpoint { get; init; }
    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
    /// <summary>The run whose result it takes over; null when it runs itself.</summary>
    public StageOrigin? ReusedFrom { get; init; }
    /// <summary>
    /// Why it runs although stages are reused: <c>new</c>, <c>changed: sampling.temperature</c>, <c>depends on dev1</c>, …
    /// </summary>
    public string? Reason { get; init; }
}

/// <summary>Where a stage's result was taken from.</summary>
/// <param name="RunId">The run that made it.</param>
/// <param name="Label">The stage's label there.</param>
/// <param name="Measured">Whether that run measured it, too, as this one would; else it is measured again.</param>
public sealed record StageOrigin(string RunId, string Label, bool Measured);

/// <summary>Where a stage stands.</summary>
public enum StageStatus
{
    /// <summary>Waits for those before it.</summary>
    Pending,
    /// <summary>Its jobs run.</summary>
    Running,
    /// <summary>Its model is there and is being measured.</summary>
    Evaluating,
    /// <summary>It has its result.</summary>
    Completed,
    /// <summary>It failed.</summary>
    Failed,
    /// <summary>The run was cancelled in its midst.</summary>
    Cancelled,
}

/// <summary>A running job as its worker last described it.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Metrics">The last step's figures.</param>
/// <param name="UpdatedAt">When the worker said so.</param>
/// <param name="Waiting">What it waits for, when storage is away; null while it works.</param>
/// <param name="StorageWait">Seconds for which it has waited for storage at the longest.</param>
public sealed record JobView(
    string JobId, string Worker, int Step, int Steps, IReadOnlyDictionary<string, double> Metrics, DateTimeOffset UpdatedAt,
    string? Waiting = null, double StorageWait = 0);

/// <summary>What a run cost.</summary>
/// <param name="WorkerSeconds">Workers × seconds since the run began.</param>
/// <param name="PricePerHour">Price of a worker's hour in <paramref name="Currency"/>; 0 when none is configured.</param>
/// <param name="Amount">The product.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Note">What the figure leaves out.</param>
public sealed record RunCost(double WorkerSeconds, double PricePerHour, double Amount, string Currency, string Note);

/// <summary>Where time went, in seconds, along the critical path: of jobs that run side by side only the slowest counts.</summary>
public sealed record TimeBreakdown
{
    /// <summary>From the first decision to the last.</summary>
    public double Wall { get; init; }
    /// <summary>Generating tokens.</summary>
    public double Generation { get; init; }
    /// <summary>Scoring completions.</summary>
    public double Reward { get; init; }
    /// <summary>Forward, backward and optimizer.</summary>
    public double Update { get; init; }
    /// <summary>Reading and writing blobs inside jobs.</summary>
    public double Storage { get; init; }

    /// <summary>The rest: orchestration, queue, processes.</summary>
    public double Waiting => Math.Max(0, Wall - Generation - Reward - Update - Storage);

    /// <summary>
    /// Share of the wall time that is neither generation nor reward nor update: (wall − generation − reward − update) / wall; 0 when no
    /// time has passed.
    /// </summary>
    public double Overhead => Wall > 0 ? Math.Max(0, Wall - Generation - Reward - Update) / Wall : 0;

    /// <summary>The sums, part by part.</summary>
    public static TimeBreakdown operator +(TimeBreakdown a, TimeBreakdown b) => new()
    {
        Wall = a.Wall + b.Wall,
        Generation = a.Generation + b.Generation,
        Reward = a.Reward + b.Reward,
        Update = a.Update + b.Update,
        Storage = a.Storage + b.Storage,
    };
}
