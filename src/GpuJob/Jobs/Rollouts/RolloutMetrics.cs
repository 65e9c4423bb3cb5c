using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>A rollout's figures by the field's names.</summary>
internal static class RolloutMetrics
{
    /// <summary>Sums a rollout up, as a whole and by prompt source.</summary>
    /// <param name="rows">The completions.</param>
    /// <param name="scores">Their scores, in the same order.</param>
    /// <param name="sources">Their prompt sources, in the same order; empty for a stage without.</param>
    public static Dictionary<string, double> Of(IReadOnlyList<RolloutRow> rows, IReadOnlyList<ScoredCompletion> scores,
        IReadOnlyList<string> sources)
    {
        var metrics = Of(rows, scores);
        foreach (var source in Enumerable.Range(0, rows.Count).Where(row => sources[row].Length > 0).GroupBy(row => sources[row]))
        {
            foreach (var (figure, value) in Of([.. source.Select(row => rows[row])], [.. source.Select(row => scores[row])]))
                metrics[MetricNames.OfSource(source.Key, figure)] = value;
        }
        return metrics;
    }

    private static Dictionary<string, double> Of(IReadOnlyList<RolloutRow> rows, IReadOnlyList<ScoredCompletion> scores)
    {
        var lengths = rows.Select(row => (double)row.Completion.Length).ToList();
        var groups = rows.GroupBy(row => row.Question).ToList();
        var metrics = new Dictionary<string, double>
        {
            [MetricNames.MeanLength] = lengths.Average(),
            [MetricNames.MinLength] = lengths.Min(),
            [MetricNames.MaxLength] = lengths.Max(),
            [MetricNames.ClippedRatio] = rows.Count(row => row.Truncated) / (double)rows.Count,
            [MetricNames.DroppedRatio] = rows.Count(row => row.Dropped) / (double)rows.Count,
            [MetricNames.Samples] = rows.Count,
            [MetricNames.Tokens] = lengths.Sum(),
            [MetricNames.Questions] = groups.Count,
            [MetricNames.QuestionsUseful] = groups.Count(UpdateBatch.IsUseful),
        };
        // Sources have rewards of their own: each figure is over the completions that have the reward.
        foreach (var name in scores.SelectMany(score => score.Verdicts.Keys).Distinct())
        {
            var verdicts = scores.Where(score => score.Verdicts.ContainsKey(name)).Select(score => score.Verdicts[name]).ToList();
            foreach (var outcome in Enum.GetValues<RewardOutcome>())
            {
                metrics[$"rewards/{name}/{outcome.ToString().ToLowerInvariant()}"] =
                    verdicts.Count(verdict => verdict.Outcome == outcome) / (double)verdicts.Count;
            }
        }
        AddRewards(metrics, [.. rows.Where(row => !row.Dropped)], [.. scores.Where(score => !score.Dropped)]);
        return metrics;
    }

    // What no reward could judge has no reward: it counts in none of the means.
    private static void AddRewards(Dictionary<string, double> metrics, List<RolloutRow> rows, List<ScoredCompletion> scores)
    {
        if (rows.Count == 0) return;
        metrics[MetricNames.RewardMean] = rows.Average(row => row.Reward);
        metrics[MetricNames.RewardStd] = Deviation([.. rows.Select(row => (double)row.Reward)]);
        var groups = rows.GroupBy(row => row.Question).Select(group => Deviation([.. group.Select(row => (double)row.Reward)])).ToList();
        metrics[MetricNames.FracRewardZeroStd] = groups.Count(deviation => deviation < 1e-6) / (double)groups.Count;
        foreach (var name in scores.SelectMany(score => score.Verdicts.Keys).Distinct())
            metrics[MetricNames.RewardOf(name)] = scores.Where(score => score.Verdicts.ContainsKey(name))
                .Average(score => score.Verdicts[name].Score);
        foreach (var (family, metric) in new[] { ("accuracy", MetricNames.Accuracy), ("format", MetricNames.Format) })
        {
            var judged = scores.Select(score => score.OfFamily(family)).OfType<double>().ToList();
            if (judged.Count > 0) metrics[metric] = judged.Average();
        }
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }
}
