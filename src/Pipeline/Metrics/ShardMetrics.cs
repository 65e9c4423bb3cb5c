using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Metrics;

/// <summary>Makes one set of figures out of those of a rollout's shards.</summary>
internal static class ShardMetrics
{
    private delegate double Merge(IReadOnlyList<(double Value, double Weight)> shards);

    // What is neither here nor a standard deviation is a mean over samples.
    private static readonly Dictionary<string, Merge> Merges = new(StringComparer.Ordinal)
    {
        [MetricNames.Samples] = Sum,
        [MetricNames.Tokens] = Sum,
        [MetricNames.SamplesKept] = Sum,
        [MetricNames.SamplesRewritten] = Sum,
        [MetricNames.Questions] = Sum,
        [MetricNames.QuestionsKept] = Sum,
        [MetricNames.QuestionsRepeated] = Sum,
        [MetricNames.MinLength] = shards => shards.Min(shard => shard.Value),
        [MetricNames.MaxLength] = shards => shards.Max(shard => shard.Value),
    };

    /// <summary>Merges figures weighted by <see cref="MetricNames.Samples"/>. A figure that a shard lacks is merged over the others.</summary>
    public static Dictionary<string, double> Combine(IReadOnlyList<JobResult> shards)
    {
        var merged = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var name in shards.SelectMany(shard => shard.Metrics.Keys).Distinct())
        {
            if (name == MetricNames.RewardStd) continue;
            merged[name] = (name.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal) ? Sum : Merges.GetValueOrDefault(name, Mean))(Values(shards, name));
        }
        if (shards.All(shard => shard.Metrics.ContainsKey(MetricNames.RewardStd) && shard.Metrics.ContainsKey(MetricNames.RewardMean)))
            merged[MetricNames.RewardStd] = PooledStd(shards);
        return merged;
    }

    /// <summary>Var(r) = E[Var(r | shard) + E(r | shard)²] − E(r)².</summary>
    private static double PooledStd(IReadOnlyList<JobResult> shards)
    {
        var mean = Mean(Values(shards, MetricNames.RewardMean));
        var square = Mean([.. shards.Select(shard =>
            (Math.Pow(shard.Metrics[MetricNames.RewardStd], 2) + Math.Pow(shard.Metrics[MetricNames.RewardMean], 2), Weight(shard, MetricNames.RewardStd)))]);
        return Math.Sqrt(Math.Max(0, square - mean * mean));
    }

    private static List<(double Value, double Weight)> Values(IReadOnlyList<JobResult> shards, string name) =>
        [.. shards.Where(shard => shard.Metrics.ContainsKey(name)).Select(shard => (shard.Metrics[name], Weight(shard, name)))];

    // Means of rewards are over the samples that were not dropped.
    private static double Weight(JobResult shard, string name)
    {
        var samples = shard.Metrics.GetValueOrDefault(MetricNames.Samples, 1);
        var ofRewards = name is MetricNames.RewardMean or MetricNames.RewardStd or MetricNames.Accuracy or MetricNames.Format
            || (name.StartsWith("rewards/", StringComparison.Ordinal) && name.EndsWith("/mean", StringComparison.Ordinal));
        return ofRewards ? samples * (1 - shard.Metrics.GetValueOrDefault(MetricNames.DroppedRatio)) : samples;
    }

    private static double Sum(IReadOnlyList<(double Value, double Weight)> shards) => shards.Sum(shard => shard.Value);

    private static double Mean(IReadOnlyList<(double Value, double Weight)> shards)
    {
        var weight = shards.Sum(shard => shard.Weight);
        return weight > 0 ? shards.Sum(shard => shard.Value * shard.Weight) / weight : shards.Average(shard => shard.Value);
    }
}
