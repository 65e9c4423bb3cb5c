using System.Text.Json;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Model;

/// <summary>What a run's orchestration starts from; a retry starts it again with the next generation.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Generation">How often it was retried.</param>
/// <param name="Revisions">How often each stage was run again, by name.</param>
/// <param name="Version">The version of the orchestrations that it begins under; none means 1.</param>
internal sealed record RunInput(string RunId, int Generation = 0, IReadOnlyDictionary<string, int>? Revisions = null, int Version = 1)
{
    /// <summary>
    /// The version of the orchestrations. Raise it with every change of the calls that one of them makes in a history that goes on; the
    /// code then keeps the old calls for inputs of an earlier version. What stands in a history is replayed by whatever version comes.
    /// </summary>
    public const int CurrentVersion = 3;

    /// <summary>From this version on inputs are checked by a job before all others.</summary>
    public const int ChecksInputs = 3;

    /// <summary>What a run begins with now.</summary>
    public static RunInput Begin(string runId, int generation = 0, IReadOnlyDictionary<string, int>? revisions = null) =>
        new(runId, generation, revisions, CurrentVersion);

    /// <summary>The stage's label: its name, with <c>~n</c> when run again for the n-th time.</summary>
    public string Label(string stage) => Revisions?.GetValueOrDefault(stage) is > 0 and var n ? $"{stage}~{n}" : stage;

    /// <summary>The name of the stage that a label is of.</summary>
    public static string StageOf(string label) => label.Split('~')[0];
}

/// <summary>What a stage's orchestration starts from. References and settings only.</summary>
internal sealed record StageInput
{
    public required string RunId { get; init; }
    /// <summary>
    /// As of <see cref="RunInput.Version"/>: that of the run, since a history goes on under the version that it began under.
    /// </summary>
    public int Version { get; init; } = 1;
    public required string Name { get; init; }
    public required string Label { get; init; }
    public required long Seed { get; init; }
    public required StageRecipe Settings { get; init; }
    /// <summary>The tasks that it and its measurement may ask, by name.</summary>
    public required IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; }
    public required JobsRecipe Jobs { get; init; }
    /// <summary>The date that chat templates see.</summary>
    public DateOnly? TemplateDate { get; init; }
    /// <summary>What samples; null for the trainer itself.</summary>
    public SamplingEngine? Engine { get; init; }
    /// <summary>What the run may cost; null sets no limit.</summary>
    public BudgetRecipe? Budget { get; init; }
    /// <summary>The run's evaluation; null for none.</summary>
    public EvaluationRecipe? Evaluation { get; init; }
    /// <summary>Reward functions whose means evaluations report.</summary>
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();
    /// <summary>The checkpoints of the reward models that there are, by their stages' names.</summary>
    public IReadOnlyDictionary<string, string> RewardModels { get; init; } = new Dictionary<string, string>();
    /// <summary>The checkpoint of the stage that this one starts from.</summary>
    public string? From { get; init; }
    /// <summary>The checkpoint of the stage whose model rewrites a collect stage's samples.</summary>
    public string? Rewriter { get; init; }
    /// <summary>The checkpoint of the model that scores what the policy samples; null for none.</summary>
    public string? Teacher { get; init; }
    /// <summary>The files of the data stages before this one, by the stages' names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Data { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
    /// <summary>Where a stage of many steps goes on, in a form of its own.</summary>
    public JsonElement? Cursor { get; init; }
    /// <summary>Where it begins that another run began; null where it begins by itself.</summary>
    public StageStart? Start { get; init; }
}

/// <summary>What a stage yields: references and a few figures.</summary>
internal sealed record StageResult
{
    public required string Label { get; init; }
    public required int Steps { get; init; }
    public string? Checkpoint { get; init; }
    /// <summary>The data that it made: JSON lines, in an order that does not depend on who made them.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];
    /// <summary>Where its time went, the final evaluation not included.</summary>
    public required TimeBreakdown Time { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
    /// <summary>The last step's figures.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    /// <summary>Example completions of the last step, if any.</summary>
    public string? Samples { get; init; }
    /// <summary>Its model, measured.</summary>
    public EvaluationResult? Evaluation { get; init; }
    /// <summary>
    /// The versions of the trainer's arithmetic that had a part in it; null means 1, and stands in what was written before there were
    /// several.
    /// </summary>
    public IReadOnlyList<int>? Numerics { get; init; }
    /// <summary>The run that made it, when that was another one; its times are then those of taking it over.</summary>
    public StageOrigin? ReusedFrom { get; init; }
}

/// <summary>What an evaluation yields. Its time is what it adds to its stage's.</summary>
/// <param name="Metrics">The benchmarks' figures under their names, the first one's under the plain ones too.</param>
/// <param name="Time">Its time.</param>
/// <param name="Benchmarks">The benchmarks in order.</param>
/// <param name="Numerics">As of <see cref="StageResult.Numerics"/>.</param>
internal sealed record EvaluationResult(
    IReadOnlyDictionary<string, double> Metrics, TimeBreakdown Time, IReadOnlyList<BenchmarkResult> Benchmarks,
        IReadOnlyList<int>? Numerics = null);

/// <summary>A benchmark's files.</summary>
/// <param name="Name">The benchmark.</param>
/// <param name="Samples">Example answers.</param>
/// <param name="Problems">What the model earns on each problem: lines of <see cref="Shared.Metrics.ProblemFigures"/>.</param>
internal sealed record BenchmarkResult(string Name, string? Samples = null, string? Problems = null);

/// <summary>How far a stage is, kept in a blob so that a retry need not start it over.</summary>
[StoredForm(1)]
internal sealed record StageRecord(StageResult? Result = null, JsonElement? Cursor = null);

/// <summary>The custom status of a stage's orchestration, or an iteration's: bounded, however many shards and figures there are.</summary>
internal sealed record StageProgress : IWaitingStatus
{
    public int Done { get; init; }
    public int Total { get; init; }
    public string? Phase { get; init; }
    /// <summary>The running jobs, as <see cref="JobRanges"/> has them.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];
    /// <summary>Whether the running job's steps are the stage's.</summary>
    public bool JobSteps { get; init; }
    /// <summary>The sub-orchestration whose status says more about phase and jobs.</summary>
    public string? Instance { get; init; }
    /// <summary>The last step's figures, as version 1 wrote them; they are among the stage's metrics.</summary>
    public IReadOnlyDictionary<string, double>? Metrics { get; init; }
    public string? Checkpoint { get; init; }
    public string? Samples { get; init; }
    public TimeBreakdown Time { get; init; } = new();
    /// <summary>What its activities wait for while storage is away.</summary>
    public string? Waiting { get; init; }

    /// <inheritdoc/>
    public object With(string? waiting) => this with { Waiting = StatusText.Fitted(this with { Waiting = null }, waiting) };
}
