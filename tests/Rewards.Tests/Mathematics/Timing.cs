using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests.Mathematics;

/// <summary>Tests that measure time, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Timing), DisableParallelization = true)]
public sealed class TimingCollection;

/// <summary>Processor time of what must be quick.</summary>
internal static class Timing
{
    /// <summary>The result and the seconds of the quickest of some runs; later runs are made only while the first was slow.</summary>
    public static (T Result, double Seconds) Quickest<T>(int runs, Func<T> run, double enough = 0.05)
    {
        var best = double.MaxValue;
        T result = default!;
        for (var i = 0; i < runs && best >= enough; i++) best = Math.Min(best, ProcessorTime.Of(() => result = run()).TotalSeconds);
        return (result, best);
    }
}
