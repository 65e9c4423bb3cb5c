using R1Cloud.Pipeline.Report;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Report;

public class StageEffectsTests
{
    [Fact]
    public void Of_TheSameProblems_IsPairedAndSharper()
    {
        // Half of the problems are right before; after, of 100, ten more are and none less.
        var before = Model(0.5, 0.098, Enumerable.Range(0, 100).Select(i => i < 50 ? 1.0 : 0.0));
        var after = Model(0.6, 0.096, Enumerable.Range(0, 100).Select(i => i < 60 ? 1.0 : 0.0));
        var effect = StageEffects.Of("sums", before, after).ShouldHaveSingleItem();
        effect.Test.ShouldBe(EffectTest.Paired);
        effect.HalfInterval!.Value.ShouldBe(1.959964 * Math.Sqrt(0.1 * 0.9 / 99), 1e-12);
        effect.Verdict.ShouldBe(EffectVerdict.Better);
        StageEffects.Of("sums", after, before).Single().Verdict.ShouldBe(EffectVerdict.Worse);
    }

    [Fact]
    public void Of_OtherProblems_IsUnpairedAndWider()
    {
        var before = Model(0.5, 0.098, Enumerable.Repeat(0.5, 100));
        var after = Model(0.6, 0.096, Enumerable.Repeat(0.6, 99));
        var effect = StageEffects.Of("sums", before, after).Single();
        effect.Test.ShouldBe(EffectTest.Unpaired);
        effect.HalfInterval!.Value.ShouldBe(Math.Sqrt(0.098 * 0.098 + 0.096 * 0.096), 1e-12);
        effect.Verdict.ShouldBe(EffectVerdict.NotMeasurable);
    }

    [Fact]
    public void Of_Rewards_WithoutProblems_AreNotTested()
    {
        var before = new MeasuredModel(
            Figures(null, null) with { Rewards = new Dictionary<string, double> { ["helpful"] = -0.5, ["language"] = 0.5 } }, []);
        var after = new MeasuredModel(
            Figures(null, null) with { Rewards = new Dictionary<string, double> { ["helpful"] = 0.9, ["safety"] = 1 } }, []);
        var effect = StageEffects.Of("requests", before, after).ShouldHaveSingleItem();
        (effect.Figure, effect.Test, effect.Verdict).ShouldBe(("helpful", EffectTest.None, EffectVerdict.NotTested));
        effect.Change.ShouldBe(1.4, 1e-12);
    }

    private static MeasuredModel Model(double mean, double half, IEnumerable<double> problems) =>
        new(Figures(mean, half),
            [.. problems.Select((value, index) =>
                new ProblemFigures($"p{index}", new Dictionary<string, double> { ["accuracy"] = value }))]);

    private static EvaluationFigures Figures(double? mean, double? half) =>
        new() { PassAt1 = mean, PassAt1Interval = half, MeanLength = 10, Problems = 100, Samples = 4 };
}
