using R1Cloud.Pipeline.Stages.Reinforcement;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Stages;

public sealed class MismatchGuardTests
{
    [Fact]
    public void After_MeansThatStayUsual_KeepsTheFirst()
    {
        IReadOnlyList<double>? first = null;
        foreach (var mean in new[] { 0.003, 0.004, 0.002, 0.029, 0.003 }) first = After(first, mean, 1);
        first.ShouldBe([0.003, 0.004, 0.002]);
    }

    [Fact]
    public void After_AMeanOfMoreThanTenTimesTheFirst_EndsTheStage() =>
        Should.Throw<InvalidOperationException>(() => After([0.003, 0.004, 0.002], 0.031, 7)).Message
            .ShouldStartWith("Stage 'rl': in iteration 7 the sampler's log-probabilities differ from the trainer's by 0.031 on average "
                + "(sampling/sampling_logp_difference/mean); in the first 3 it was 0.003, and more than 0.03 is not allowed.");

    // In float32 they agree to rounding, of which ten times is still nothing.
    [Theory]
    [InlineData(1e-6, false)]
    [InlineData(9e-3, false)]
    [InlineData(0.03, true)] // a head that stayed old
    public void After_FirstMeansOfRounding_EndsTheStageByWhatIsNone(double mean, bool ends)
    {
        void Look() => After([1e-7, 1e-7, 1e-7], mean, 4);
        if (ends) Should.Throw<InvalidOperationException>(Look);
        else Should.NotThrow(Look);
    }

    [Fact]
    public void After_NothingMeasured_IsAsBefore() =>
        MismatchGuard.After(null, new Dictionary<string, double>(), "rl", 1).ShouldBeNull();

    private static IReadOnlyList<double>? After(IReadOnlyList<double>? first, double mean, int iteration) =>
        MismatchGuard.After(first, new Dictionary<string, double> { [MetricNames.MismatchMean] = mean }, "rl", iteration);
}
