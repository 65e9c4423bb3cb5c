using R1Cloud.Pipeline.Report;

namespace R1Cloud.Pipeline.Tests.Report;

public class StageSentenceTests
{
    [Fact]
    public void Of_AStageThatHelps_SaysByHowMuch() =>
        StageSentence.Of(
            Trained(Effect("accuracy", 0.123, 0.676, 0.04), Effect("language", 0.367, 0.674, 0.03), Effect("format", 0.998, 0.999, 0.01)))
            .ShouldBe("Helps, against base: sums pass@1 12.3 % → 67.6 % (+55.3 ± 4.0), language 36.7 % → 67.4 % (+30.7 ± 3.0).",
                "format is told where it changes");

    [Fact]
    public void Of_AStageThatDoesNotHelp_SaysSo() =>
        StageSentence.Of(Trained(Effect("accuracy", 0.642, 0.639, 0.031), Effect("language", 1, 1, 0)))
            .ShouldBe("No measurable change, against base: sums pass@1 64.2 % → 63.9 % (-0.3 ± 3.1: not measurable), language 100.0 % as "
                + "before.");

    [Fact]
    public void Of_AStageThatHurts_SaysSo() =>
        StageSentence.Of(Trained(Effect("accuracy", 0.7, 0.6, 0.05, EffectTest.Unpaired)))
            .ShouldBe("Hurts, against base: sums pass@1 70.0 % → 60.0 % (-10.0 ± 5.0, unpaired: worse).");

    [Fact]
    public void Of_AStageThatHelpsHereAndHurtsThere_SaysBoth() =>
        StageSentence.Of(
            Trained(Effect("accuracy", 0.7, 0.6, 0.05), Effect("helpful", -0.58, 0.91, 0.1) with { Benchmark = "requests" },
                Effect("safety", 0.99, 0.99, 0.01) with { Benchmark = "requests" }))
            .ShouldBe("Helps and hurts, against base: sums pass@1 70.0 % → 60.0 % (-10.0 ± 5.0: worse); requests helpful -0.58 → 0.91 "
                + "(+1.49 ± 0.10).");

    [Fact]
    public void Of_AStageWhoseMainFigureStays_HelpsInPart() =>
        StageSentence.Of(Trained(Effect("accuracy", 0.64, 0.637, 0.033), Effect("language", 0.976, 1, 0.011)))
            .ShouldBe("Helps in part, against base: sums pass@1 64.0 % → 63.7 % (-0.3 ± 3.3: not measurable), language 97.6 % → 100.0 % "
                + "(+2.4 ± 1.1).");

    [Fact]
    public void Of_Untested_SaysSo() =>
        StageSentence.Of(Trained(new StageEffect("sums", "language", 0.5, 0.75)))
            .ShouldBe("Not tested, against base: sums language 50.0 % → 75.0 % (+25.0: not tested).");

    [Fact]
    public void Of_GreedyAnswersOnly_IsNotCalledPassAt1() =>
        StageSentence.Of(
            Trained(Effect("accuracy", 0.1, 0.9, 0.05)) with {
                Benchmarks = [new("sums", null, new() { GreedyAccuracy = 0.9, MeanLength = 1, Problems = 9, Samples = 0 })] })
            .ShouldStartWith("Helps, against base: sums greedy accuracy 10.0 % → 90.0 %");

    [Fact]
    public void Of_DataStage_NamesWhatMostWereDroppedFor() =>
        StageSentence.Of(
            Stage("collect",
                new() { ["questions"] = 421, ["samples"] = 2526, ["samples/kept"] = 333, ["samples/dropped/language"] = 1051,
                    ["samples/dropped/below/accuracy/exact"] = 370, ["samples/dropped/truncated"] = 0 }))
            .ShouldBe("Keeps 333 of 2,526 samples of 421 questions; most dropped for: language 1,051, accuracy/exact 370.");

    [Fact]
    public void Of_RewardModel_IsWhatItJudgesRight() =>
        StageSentence.Of(Stage("reward-model", new() { ["held_out/accuracy"] = 0.987, ["held_out/auc"] = 0.9991 }))
            .ShouldBe("Judges 98.7 % of the held-out rows right, area under the ROC curve 0.999.");

    private static StageEffect Effect(string figure, double before, double after, double half, EffectTest test = EffectTest.Paired) =>
        new("sums", figure, before, after, test, half);

    private static StageReport Trained(params StageEffect[] effects) => Stage("rl", []) with { From = "base", Effects = effects };

    private static StageReport Stage(string kind, Dictionary<string, double> metrics) =>
        new() { Name = "s", Label = "s", Kind = kind, Steps = 1, Time = new(), Metrics = metrics };
}
