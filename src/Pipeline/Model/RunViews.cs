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

/// <summary>The data of the server-sent <c>job-end</c> event.</summary>
/// <param name="JobId">The job.</param>
public sealed record JobEnd(string JobId);

/// <summary>The data of the server-sent <c>samples</c> event.</summary>
/// <param name="Stage">The label of the stage.</param>
/// <param name="Source">What asked: <c>rollout</c> or <c>evaluate</c>.</param>
public sealed record SamplesNews(string Stage, string Source);

/// <summary>Names of the server-sent events of <c>GET /api/runs/{id}/events</c> and what their data is.</summary>
public static class RunEventNames
{
    /// <summary>The whole run (<see cref="RunView"/>): on connecting and whenever something in it changed.</summary>
    public const string Snapshot = "snapshot";
    /// <summary>
    /// What changed of a run : its fields by name, null for those that are gone. In the form of
    /// changes alone, where it comes in place of every snapshot but the first.
    /// </summary>
    public const string Change = "change";
    /// <summary>A stage's status changed (<see cref="StageView"/>); in the form of changes, anything of the stage.</summary>
    public const string Stage = "stage";
    /// <summary>A running job began or said a word (<see cref="JobView"/>); in the form of changes alone.</summary>
    public const string Job = "job";
    /// <summary>A job runs no more (<see cref="JobEnd"/>); in the form of changes alone.</summary>
    public const string JobEnd = "job-end";
    /// <summary>A set of samples may have grown (<see cref="SamplesNews"/>); in the form of changes alone.</summary>
    public const string Samples = "samples";
    /// <summary>A step's figures (<see cref="MetricsRow"/>).</summary>
    public const string Metrics = "metrics";
    /// <summary>Something happened (<see cref="RunLog"/>).</summary>
    public const string Log = "log";
    /// <summary>The run has ended (<see cref="RunEnd"/>); the stream closes.</summary>
    public const string End = "end";
}
