using R1Cloud.Pipeline.Alerts;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Alerts;

public sealed class CollapseTests
{
    [Fact]
    public void Find_AccuracyThatFallsToLessThanHalf_IsFound()
    {
        var found = Collapse.Find(Rows(MetricNames.Accuracy, [.. Repeat(0.6, 15), .. Repeat(0.1, 12)])).ShouldHaveSingleItem();
        (found.Figure, found.Step).ShouldBe((MetricNames.Accuracy, 27));
        found.Before.ShouldBe(0.6, 1e-9);
        found.Now.ShouldBe(0.1, 1e-9);
    }

    [Theory]
    [InlineData(0.6, 0.4, 15, 15)] // falls, but not off
    [InlineData(0.05, 0, 15, 15)] // had none to lose
    [InlineData(0.6, 0.1, 5, 12)] // too early to say
    [InlineData(0.6, 0.1, 30, 3)] // a few bad batches
    public void Find_AccuracyThatDoesNotCollapse_IsLeftAlone(double first, double then, int before, int after) =>
        Collapse.Find(Rows(MetricNames.Accuracy, [.. Repeat(first, before), .. Repeat(then, after)])).ShouldBeEmpty();

    [Fact]
    public void Find_EntropyThatGoesToNothing_IsFound() =>
        Collapse.Find(Rows(MetricNames.Entropy, [.. Repeat(1.2, 12), .. Repeat(0.02, 12)])).ShouldHaveSingleItem()
            .Figure.ShouldBe(MetricNames.Entropy);

    [Fact]
    public void Find_WithoutAccuracy_LooksAtTheReward() =>
        Collapse.Find(Rows(MetricNames.RewardMean, [.. Repeat(1.5, 12), .. Repeat(0.1, 12)])).ShouldHaveSingleItem()
            .Figure.ShouldBe(MetricNames.RewardMean);

    [Fact]
    public void Find_FiguresThatAreNoNumbers_ArePassedOver() =>
        Collapse.Find(Rows(MetricNames.Accuracy, [.. Repeat(0.6, 15), .. Repeat(double.NaN, 15)])).ShouldBeEmpty();

    private static IEnumerable<double> Repeat(double value, int times) => Enumerable.Repeat(value, times);

    private static IReadOnlyList<MetricsRow> Rows(string figure, IReadOnlyList<double> values) =>
        [.. values.Select((value, place) => new MetricsRow("rl", place + 1, DateTimeOffset.UnixEpoch,
            new Dictionary<string, double> { [figure] = value }))];
}
