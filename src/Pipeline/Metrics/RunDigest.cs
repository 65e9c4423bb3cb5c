using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>
/// How far a run is, in one small blob for listings: written at the end of each stage and iteration. For eyes only, nothing depends on it.
/// </summary>
/// <param name="Stage">The label of the stage that made progress last.</param>
/// <param name="Done">Its steps or iterations that are done.</param>
/// <param name="Total">Its steps or iterations in all.</param>
/// <param name="ProgressedAt">When that was.</param>
[StoredForm(1)]
internal sealed record RunDigest(string Stage, int Done, int Total, DateTimeOffset ProgressedAt)
{
    // Of the last some iterations: the first ones of a run say little of those to come.
    private const double Smoothing = 0.3;

    /// <summary>Seconds an iteration of the stage; null where that is not known.</summary>
    public double? StepSeconds { get; init; }
    public double? Reward { get; init; }
    public SummaryScore? PassAt1 { get; init; }
    public SummaryCost? Cost { get; init; }

    /// <summary>The digest after some figures came.</summary>
    /// <param name="before">What it was; null where there was none.</param>
    /// <param name="news">Where the run stands now, without figures.</param>
    /// <param name="figures">What was recorded.</param>
    /// <param name="benchmark">The recipe's first benchmark; null where nothing is measured.</param>
    /// <returns>The digest; the same object where all that came is older, as a repeated word is.</returns>
    public static RunDigest After(RunDigest? before, RunDigest news, IReadOnlyDictionary<string, double> figures, string? benchmark)
    {
        var same = before?.Stage == news.Stage;
        if (same && before!.Done > news.Done) return before;
        double? Figure(string name) => figures.TryGetValue(name, out var value) && double.IsFinite(value) ? value : null;
        var own = Figure(MetricNames.TimeStep);
        var pace = same ? before!.StepSeconds : null;
        return news with
        {
            StepSeconds = own is null ? pace : pace is null ? own : pace + Smoothing * (own - pace),
            Reward = Figure(MetricNames.RewardMean) ?? before?.Reward,
            PassAt1 = Score() ?? before?.PassAt1,
            Cost = news.Cost ?? before?.Cost,
        };

        SummaryScore? Score() => benchmark is null ? null
            : Figure(MetricNames.EvalPassAt1) is { } sampled
                ? new(news.Stage, benchmark, sampled, Figure(MetricNames.EvalPassAt1Interval))
            : Figure(MetricNames.EvalGreedyAccuracy) is { } greedy ? new(news.Stage, benchmark, greedy, Greedy: true) : null;
    }

    /// <summary>Seconds that the stage is likely to need still.</summary>
    public double? SecondsLeft(DateTimeOffset now) => StepSeconds is { } step && Done < Total
        ? Math.Max(0, step * (Total - Done) - Math.Max(0, Instants.Between(ProgressedAt, now).TotalSeconds)) : null;
}
