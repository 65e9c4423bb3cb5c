using R1Cloud.GpuJob.Rewards;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>A rollout's figures by the field's names.</summary>
internal static class RolloutMetrics
{
    /// <summary>Sums a rollout up.</summary>
    /// <param name="rows">The completions.</param>
    /// <param name="scores">Their scores, in the same order.</param>
    /// <param name="rewards">The reward functions' names.</param>
    public static Dictionary<string, double> Of(IReadOnlyList<RolloutRow> rows, IReadOnlyList<ScoredCompletion> scores, IReadOnlyList<string> rewards)
    {
        var lengths = rows.Select(row => (double)row.Completion.Length).ToList();
        var metrics = new Dictionary<string, double>
        {
            [MetricNames.MeanLength] = lengths.Average(),
            [MetricNames.MinLength] = lengths.Min(),
            [MetricNames.MaxLength] = lengths.Max(),
            [MetricNames.ClippedRatio] = rows.Count(row => row.Truncated) / (double)rows.Count,
            [MetricNames.DroppedRatio] = rows.Count(row => row.Dropped) / (double)rows.Count,
            [MetricNames.Samples] = rows.Count,
            [MetricNames.Tokens] = lengths.Sum(),
        };
        foreach (var name in rewards)
        {
            foreach (var outcome in Enum.GetValues<RewardOutcome>())
            {
                metrics[$"rewards/{name}/{outcome.ToString().ToLowerInvariant()}"] = scores.Count(score => score.Verdicts[name].Outcome == outcome) / (double)scores.Count;
            }
        }
        AddRewards(metrics, [.. rows.Where(row => !row.Dropped)], [.. scores.Where(score => !score.Dropped)], rewards);
        return metrics;
    }

    // What no reward could judge has no reward: it counts in none of the means.
    private static void AddRewards(Dictionary<string, double> metrics, List<RolloutRow> rows, List<ScoredCompletion> scores, IReadOnlyList<string> rewards)
    {
        if (rows.Count == 0) return;
        metrics[MetricNames.RewardMean] = rows.Average(row => row.Reward);
        var groups = rows.GroupBy(row => row.Question).Select(group => Deviation([.. group.Select(row => (double)row.Reward)])).ToList();
        metrics[MetricNames.RewardStd] = groups.Average();
        metrics[MetricNames.FracRewardZeroStd] = groups.Count(deviation => deviation < 1e-6) / (double)groups.Count;
        foreach (var name in rewards) metrics[MetricNames.RewardOf(name)] = scores.Average(score => score.Verdicts[name].Score);
        foreach (var (family, metric) in new[] { ("accuracy", MetricNames.Accuracy), ("format", MetricNames.Format) })
        {
            if (scores[0].OfFamily(family) is not null) metrics[metric] = scores.Average(score => score.OfFamily(family) ?? 0);
        }
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }
}
