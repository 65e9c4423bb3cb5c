using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;

namespace R1Cloud.Pipeline.Report;

/// <summary>What a run achieved: <c>report/report.json</c>.</summary>
public sealed record RunReport
{
    /// <summary>The run.</summary>
    public required string RunId { get; init; }
    /// <summary>The recipe's name.</summary>
    public required string Name { get; init; }
    /// <summary>The recipe's description.</summary>
    public string? Description { get; init; }
    /// <summary>SHA-256 of the resolved recipe, hex.</summary>
    public required string RecipeHash { get; init; }
    /// <summary>The run's seed.</summary>
    public required long Seed { get; init; }
    /// <summary>When the run began.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    /// <summary>When its last stage ended.</summary>
    public required DateTimeOffset EndedAt { get; init; }
    /// <summary>The stages in order.</summary>
    public required IReadOnlyList<StageReport> Stages { get; init; }
    /// <summary>Where the time of all stages went.</summary>
    public required TimeBreakdown Time { get; init; }
    /// <summary>What it cost.</summary>
    public RunCost? Cost { get; init; }
    /// <summary>What its parts cost.</summary>
    public RunCosting? Costing { get; init; }
    /// <summary>Its plan against what it took.</summary>
    public PlanComparison? Plan { get; init; }
    /// <summary>Whether the models are in the bands that the recipe expects.</summary>
    public IReadOnlyList<BandReport> Bands { get; init; } = [];
    /// <summary>What the controls of its stages came to.</summary>
    public IReadOnlyList<ControlReport> Controls { get; init; } = [];
    /// <summary>Whether a stage is a control.</summary>
    public bool IsControl(StageReport stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return Controls.Any(control => control.Label == stage.Label);
    }
    /// <summary>The runs that share iterations with it, as they stood when the report was written.</summary>
    public IReadOnlyList<RelativeReport> Relatives { get; init; } = [];
    /// <summary>
    /// Evaluation problems that also occur in the training data, over all evaluations; 0 is a pass, null means not checked.
    /// </summary>
    public int? Overlap { get; init; }
}

/// <summary>A stage in the report.</summary>
public sealed record StageReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Its label: the name with <c>~n</c> appended when it was run again.</summary>
    public required string Label { get; init; }
    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }
    /// <summary>The stage whose model it starts from; null where it makes its own.</summary>
    public string? From { get; init; }
    /// <summary>Steps or iterations.</summary>
    public required int Steps { get; init; }
    /// <summary>What it did, in a sentence or two: whether it helps, by how much and how sure that is.</summary>
    public string Summary { get; init; } = "";
    /// <summary>What it did to each figure; none for a stage that makes no model or starts from none that was measured.</summary>
    public IReadOnlyList<StageEffect> Effects { get; init; } = [];
    /// <summary>Its last checkpoint.</summary>
    public string? Checkpoint { get; init; }
    /// <summary>The run whose result it takes over; its time and cost are not this run's.</summary>
    public StageOrigin? ReusedFrom { get; init; }
    /// <summary>The benchmarks of the model that it started from and of the one that it made, the run's main one first.</summary>
    public IReadOnlyList<BenchmarkReport> Benchmarks { get; init; } = [];
    /// <summary>The model that it started from, by the first benchmark.</summary>
    public EvaluationFigures? Before => Benchmarks is [var first, ..] ? first.Before : null;
    /// <summary>The model that it made, by the first benchmark.</summary>
    public EvaluationFigures? After => Benchmarks is [var first, ..] ? first.After : null;
    /// <summary>The model that it made, by a benchmark; null where that was not measured.</summary>
    public EvaluationFigures? AfterBy(string benchmark) => Benchmarks.FirstOrDefault(measured => measured.Name == benchmark)?.After;
    /// <summary>Held-out figures over its steps.</summary>
    public IReadOnlyList<CurvePoint> Evaluations { get; init; } = [];
    /// <summary>Training figures over its steps.</summary>
    public IReadOnlyList<CurvePoint> Training { get; init; } = [];
    /// <summary>Iterations in which no problem that was known had a pass rate in the curriculum's band.</summary>
    public int EmptyBands { get; init; }
    /// <summary>Where its time went.</summary>
    public required TimeBreakdown Time { get; init; }
    /// <summary>Seconds of its model's measurement by this run.</summary>
    public double EvaluationSeconds { get; init; }
    /// <summary>Figures of its last step.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
    /// <summary>Three answers of the model before and three after, to the same questions where there are such.</summary>
    public IReadOnlyList<SamplePair> Samples { get; init; } = [];
}

/// <summary>A run that shares iterations with the report's.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Relation">What it is to the report's.</param>
/// <param name="Stage">The stage in which the two part.</param>
/// <param name="Iteration">The last iteration that they share.</param>
/// <param name="Differences">In what its recipe differs: field and value, or field alone where it has no such.</param>
/// <param name="Curves">Its curves, by the names of the report's stages that it has, too.</param>
public sealed record RelativeReport(string RunId, RunRelation Relation, string Stage, int Iteration, IReadOnlyList<string> Differences,
    IReadOnlyDictionary<string, RelativeCurve> Curves);

/// <summary>A stage's curve in another run.</summary>
/// <param name="Evaluations">Held-out figures over its steps.</param>
/// <param name="Training">Training figures over its steps.</param>
public sealed record RelativeCurve(IReadOnlyList<CurvePoint> Evaluations, IReadOnlyList<CurvePoint> Training);

/// <summary>A benchmark in a stage.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Before">The model that the stage started from, measured.</param>
/// <param name="After">The model that it made, or that it measured.</param>
public sealed record BenchmarkReport(string Name, EvaluationFigures? Before = null, EvaluationFigures? After = null);

/// <summary>A model's figures on held-out problems. Null: no reward of the run measures it.</summary>
public sealed record EvaluationFigures
{
    /// <summary>Share answered right by greedy decoding.</summary>
    public double? GreedyAccuracy { get; init; }
    /// <summary>Share of greedy answers with the right tags.</summary>
    public double? GreedyFormat { get; init; }
    /// <summary>Mean over problems of the share of samples that are right.</summary>
    public double? PassAt1 { get; init; }
    /// <summary>Half the width of pass@1's 95 % confidence interval over problems.</summary>
    public double? PassAt1Interval { get; init; }
    /// <summary>Mean over problems of the chance that one of k samples is right.</summary>
    public double? PassAtK { get; init; }
    /// <summary>Share of problems whose most frequent answer among k samples is right.</summary>
    public double? ConsAtK { get; init; }
    /// <summary>Share of samples with the right tags.</summary>
    public double? Format { get; init; }
    /// <summary>Means over the samples of the other families of rewards, e.g. <c>language</c>.</summary>
    public IReadOnlyDictionary<string, double> Rewards { get; init; } = new Dictionary<string, double>();
    /// <summary>Mean tokens a sample.</summary>
    public required double MeanLength { get; init; }
    /// <summary>Problems asked.</summary>
    public required int Problems { get; init; }
    /// <summary>Samples a problem (k).</summary>
    public required int Samples { get; init; }
}

/// <summary>A point of a learning curve.</summary>
/// <param name="Step">The step or iteration.</param>
/// <param name="Accuracy">Share of right answers: greedy for a held-out point, sampled for a training point.</param>
/// <param name="Format">Share with the right tags.</param>
/// <param name="MeanLength">Mean tokens an answer.</param>
/// <param name="Reward">Mean reward, for a training point.</param>
/// <param name="Language">Mean language consistency.</param>
/// <param name="Kl">Mean KL divergence from the reference a token, in nats, for a training point.</param>
/// <param name="Entropy">Mean entropy a token, in nats, for a training point.</param>
public sealed record CurvePoint(
    int Step, double? Accuracy = null, double? Format = null, double? MeanLength = null, double? Reward = null, double? Language = null,
        double? Kl = null, double? Entropy = null);

/// <summary>The same question answered before and after a stage.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answer">The right answer.</param>
/// <param name="Before">The answer of the model that the stage started from.</param>
/// <param name="After">The answer of the model that it made.</param>
public sealed record SamplePair(string Question, string? Answer = null, Sample? Before = null, Sample? After = null);
