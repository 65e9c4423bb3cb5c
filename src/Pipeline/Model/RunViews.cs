using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Model;

/// <summary>A run's metrics.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Rows">Rows by stage and step; a step occurs once a stage.</param>
public sealed record RunMetrics(string RunId, IReadOnlyList<MetricsRow> Rows);

/// <summary>Example answers of a run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Sets">The latest set of each stage's rollouts and each evaluation, in order.</param>
public sealed record RunSamples(string RunId, IReadOnlyList<SampleSet> Sets);

/// <summary>Example answers of one model.</summary>
/// <param name="Stage">The stage whose model answered.</param>
/// <param name="Source">What asked: <c>rollout</c> or <c>evaluate</c>.</param>
/// <param name="Step">The model's step or iteration.</param>
/// <param name="Samples">The answers.</param>
/// <param name="Benchmark">The benchmark, for an evaluation's.</param>
public sealed record SampleSet(string Stage, string Source, int Step, IReadOnlyList<Sample> Samples, string? Benchmark = null);

/// <summary>One answer, a line of a job's <c>samples</c> output.</summary>
/// <param name="Question">The prompt's question.</param>
/// <param name="Completion">What the model wrote.</param>
/// <param name="Answer">The right answer.</param>
/// <param name="Correct">Whether the model's answer is right.</param>
/// <param name="Formatted">Whether the tags are right.</param>
/// <param name="Greedy">Whether it was decoded greedily.</param>
/// <param name="Reward">The reward, for a rollout's sample.</param>
public sealed record Sample(
    string Question, string Completion, string? Answer = null, bool? Correct = null, bool? Formatted = null, bool? Greedy = null,
        double? Reward = null);

/// <summary>A line of a run's story: the data of a server-sent <c>log</c> event.</summary>
/// <param name="Time">When it was noticed.</param>
/// <param name="Level"><c>information</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Message">What happened.</param>
public sealed record RunLog(DateTimeOffset Time, string Level, string Message);

/// <summary>The data of the server-sent <c>end</c> event.</summary>
/// <param name="Status">How the run ended.</param>
/// <param name="Error">Why, unless completed.</param>
public sealed record RunEnd(RunStatus Status, string? Error = null);

/// <summary>Names of the server-sent events of <c>GET /api/runs/{id}/events</c> and what their data is.</summary>
public static class RunEventNames
{
    /// <summary>The whole run (<see cref="RunView"/>): on connecting and whenever something in it changed.</summary>
    public const string Snapshot = "snapshot";
    /// <summary>A stage's status changed (<see cref="StageView"/>).</summary>
    public const string Stage = "stage";
    /// <summary>A step's figures (<see cref="MetricsRow"/>).</summary>
    public const string Metrics = "metrics";
    /// <summary>Something happened (<see cref="RunLog"/>).</summary>
    public const string Log = "log";
    /// <summary>The run has ended (<see cref="RunEnd"/>); the stream closes.</summary>
    public const string End = "end";
}
