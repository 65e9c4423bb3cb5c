using R1Cloud.Pipeline.Metrics;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Metrics;

public class ShardMetricsTests
{
    [Fact]
    public void Combine_UnevenShards_EqualsFiguresOfTheWhole()
    {
        double[] first = [0, 1, 1, 0.5, 0, 0], second = [1.5, 1];

        var merged = ShardMetrics.Combine([Shard(first, 3, 9), Shard(second, 5, 30)]);

        double[] all = [.. first, .. second];
        merged[MetricNames.RewardMean].ShouldBe(all.Average(), 1e-12);
        merged[MetricNames.RewardStd].ShouldBe(Std(all), 1e-12);
        merged[MetricNames.Samples].ShouldBe(8);
        merged[MetricNames.Tokens].ShouldBe(80);
        merged[MetricNames.MinLength].ShouldBe(3);
        merged[MetricNames.MaxLength].ShouldBe(30);
    }

    [Fact]
    public void Combine_OneShard_KeepsItsFigures()
    {
        var shard = Shard([0, 1, 1], 3, 9);
        var merged = ShardMetrics.Combine([shard]);
        merged.Keys.ShouldBe(shard.Metrics.Keys, ignoreOrder: true);
        foreach (var (name, value) in shard.Metrics) merged[name].ShouldBe(value, 1e-12);
    }

    [Fact]
    public void Combine_SourcesThatAShardLacks_CountOnlyWhereTheyAre()
    {
        JobResult Of(params (string Name, double Value)[] metrics) =>
            new() { JobId = "j", Status = JobStatus.Succeeded, Attempt = "a",
                Metrics = metrics.ToDictionary(metric => metric.Name, metric => metric.Value) };
        string Math(string figure) => MetricNames.OfSource("math", figure);
        string Talk(string figure) => MetricNames.OfSource("talk", figure);

        // 6 samples of math and 2 of talk, then 2 of math, of which half were dropped.
        var merged = ShardMetrics.Combine(
        [
            Of((MetricNames.Samples, 8), (MetricNames.Accuracy, 0.5), (MetricNames.MeanLength, 10), (Math(MetricNames.Samples), 6),
                (Math(MetricNames.Accuracy), 0.5), (Math(MetricNames.MeanLength), 8), (Talk(MetricNames.Samples), 2),
                (Talk(MetricNames.MeanLength), 16)),
            Of((MetricNames.Samples, 2), (MetricNames.Accuracy, 1), (MetricNames.DroppedRatio, 0.5), (MetricNames.MeanLength, 12),
                (Math(MetricNames.Samples), 2), (Math(MetricNames.Accuracy), 1), (Math(MetricNames.DroppedRatio), 0.5),
                (Math(MetricNames.MeanLength), 12)),
        ]);

        merged[MetricNames.Samples].ShouldBe(10);
        merged[MetricNames.Accuracy].ShouldBe((6 * 0.5 + 1 * 1) / 7, 1e-12);
        merged[MetricNames.MeanLength].ShouldBe((8 * 10 + 2 * 12) / 10.0, 1e-12);
        merged[Math(MetricNames.Samples)].ShouldBe(8);
        merged[Math(MetricNames.Accuracy)].ShouldBe(4 / 7.0, 1e-12);
        merged[Math(MetricNames.MeanLength)].ShouldBe((6 * 8 + 2 * 12) / 8.0, 1e-12);
        (merged[Talk(MetricNames.Samples)], merged[Talk(MetricNames.MeanLength)]).ShouldBe((2, 16));
    }

    [Fact]
    public void Merge_LinesOfAStep_LaterValuesWinAndOthersStay()
    {
        MetricsRow Row(int step, params (string, double)[] values) =>
            new("s", step, default, values.ToDictionary(value => value.Item1, value => value.Item2));

        var rows = MetricsReader.Merge([Row(2, ("loss", 2)), Row(1, ("loss", 3)), Row(2, ("loss", 2.5), ("eval", 1))]);

        rows.Select(row => row.Step).ShouldBe([1, 2]);
        rows[1].Values.ShouldBe(new Dictionary<string, double> { ["loss"] = 2.5, ["eval"] = 1 }, ignoreOrder: true);
    }

    private static JobResult Shard(double[] rewards, double shortest, double longest) => new()
    {
        JobId = "j", Status = JobStatus.Succeeded, Attempt = "a",
        Metrics = new Dictionary<string, double>
        {
            [MetricNames.RewardMean] = rewards.Average(), [MetricNames.RewardStd] = Std(rewards), [MetricNames.Samples] = rewards.Length,
            [MetricNames.Tokens] = rewards.Length * 10, [MetricNames.MinLength] = shortest, [MetricNames.MaxLength] = longest,
        },
    };

    private static double Std(double[] values) => Math.Sqrt(values.Average(value => Math.Pow(value - values.Average(), 2)));
}
