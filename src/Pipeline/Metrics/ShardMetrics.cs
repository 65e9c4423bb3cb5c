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
        [MetricNames.QuestionsUseful] = Sum,
        [MetricNames.QuestionsKept] = Sum,
        [MetricNames.QuestionsRepeated] = Sum,
        [MetricNames.MinLength] = shards => shards.Min(shard => shard.Value),
        [MetricNames.MaxLength] = shards => shards.Max(shard => shard.Value),
    };

    /// <summary>
    /// Merges figures weighted by <see cref="MetricNames.Samples"/>. A figure that a shard lacks is merged over the others.
    /// </summary>
    public static Dictionary<string, double> Combine(IReadOnlyList<JobResult> shards)
    {
        var merged = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var name in shards.SelectMany(shard => shard.Metrics.Keys).Distinct())
        {
            var (source, figure) = MetricNames.OfSource(name);
            var having = shards.Where(shard => shard.Metrics.ContainsKey(name)).ToList();
            if (figure != MetricNames.RewardStd)
                merged[name] =
                (figure.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal)
                    ? Sum : Merges.GetValueOrDefault(figure, Mean))(Values(having, name));
            else if (having.TrueForAll(shard => shard.Metrics.ContainsKey(source + MetricNames.RewardMean)))
                merged[name] = PooledStd(having, source);
        }
        return merged;
    }

    // Var(r) = E[Var(r | shard) + E(r | shard)²] − E(r)².
    private static double PooledStd(IReadOnlyList<JobResult> shards, string source)
    {
        var (std, reward) = (source + MetricNames.RewardStd, source + MetricNames.RewardMean);
        var mean = Mean(Values(shards, reward));
        var square =
            Mean([.. shards.Select(shard => (Math.Pow(shard.Metrics[std], 2) + Math.Pow(shard.Metrics[reward], 2), Weight(shard, std)))]);
        return Math.Sqrt(Math.Max(0, square - mean * mean));
    }

    private static List<(double Value, double Weight)> Values(IReadOnlyList<JobResult> shards, string name) =>
        [.. shards.Select(shard => (shard.Metrics[name], Weight(shard, name)))];

    // Not every prompt source has every figure: what counts are the samples of those that do.
    private static double Weight(JobResult shard, string name)
    {
        var (source, figure) = MetricNames.OfSource(name);
        var sources = source.Length > 0 ? [source] : shard.Metrics.Keys.Select(MetricNames.OfSource)
            .Where(other => other.Source.Length > 0 && other.Figure == figure).Select(other => other.Source).DefaultIfEmpty("");
        return sources.Sum(one => Samples(shard, one, figure));
    }

    // Means of rewards are over the samples that were not dropped.
    private static double Samples(JobResult shard, string source, string figure)
    {
        var samples = shard.Metrics.GetValueOrDefault(source + MetricNames.Samples, 1);
        var ofRewards = figure is MetricNames.RewardMean or MetricNames.RewardStd or MetricNames.Accuracy or MetricNames.Format
            || (figure.StartsWith("rewards/", StringComparison.Ordinal) && figure.EndsWith("/mean", StringComparison.Ordinal));
        return ofRewards ? samples * (1 - shard.Metrics.GetValueOrDefault(source + MetricNames.DroppedRatio)) : samples;
    }

    private static double Sum(IReadOnlyList<(double Value, double Weight)> shards) => shards.Sum(shard => shard.Value);

    private static double Mean(IReadOnlyList<(double Value, double Weight)> shards)
    {
        var weight = shards.Sum(shard => shard.Weight);
        return weight > 0 ? shards.Sum(shard => shard.Value * shard.Weight) / weight : shards.Average(shard => shard.Value);
    }
}
