using R1Cloud.Pipeline.Metrics;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Metrics;

public sealed class RunDigestTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void After_LaterIteration_TakesItsFiguresAndKeepsWhatItDoesNotSay()
    {
        var first = RunDigest.After(null, new("rl", 1, 10, Start), Figures((MetricNames.RewardMean, 0.5), (MetricNames.TimeStep, 10),
            (MetricNames.EvalPassAt1, 0.25), (MetricNames.EvalPassAt1Interval, 0.1)), "sums");
        var second = RunDigest.After(first, new("rl", 2, 10, Start.AddSeconds(20)), Figures((MetricNames.TimeStep, 20)), "sums");

        second.Done.ShouldBe(2);
        second.Reward.ShouldBe(0.5);
        second.PassAt1.ShouldBe(new("rl", "sums", 0.25, 0.1));
        second.StepSeconds.ShouldBe(13);
        second.SecondsLeft(Start.AddSeconds(24)).ShouldBe(8 * 13 - 4);
        second.SecondsLeft(Start.AddHours(5)).ShouldBe(0);
    }

    [Fact]
    public void After_EarlierIterationToldAgain_ChangesNothing()
    {
        var known = new RunDigest("rl", 5, 10, Start);
        RunDigest.After(known, new("rl", 4, 10, Start.AddHours(1)), Figures((MetricNames.RewardMean, 1)), null).ShouldBeSameAs(known);
    }

    [Fact]
    public void After_AnotherStage_ForgetsThePace()
    {
        var known = new RunDigest("rl", 5, 10, Start) { StepSeconds = 7 };
        RunDigest.After(known, new("sft", 1, 3, Start), Figures(), null).StepSeconds.ShouldBeNull();
    }

    [Fact]
    public void After_FiguresThatAreNotFinite_AreNoFigures() =>
        RunDigest.After(null, new("rl", 1, 2, Start), Figures((MetricNames.RewardMean, double.NaN), (MetricNames.EvalGreedyAccuracy, 0.5)),
            "sums").ShouldSatisfyAllConditions(digest => digest.Reward.ShouldBeNull(),
            digest => digest.PassAt1.ShouldBe(new("rl", "sums", 0.5, Greedy: true)));

    private static Dictionary<string, double> Figures(params (string Name, double Value)[] figures) =>
        figures.ToDictionary(figure => figure.Name, figure => figure.Value);
}
