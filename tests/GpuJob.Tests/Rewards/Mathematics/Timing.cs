using System.Diagnostics;

namespace R1Cloud.GpuJob.Tests.Rewards.Mathematics;

/// <summary>Tests that measure time, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Timing), DisableParallelization = true)]
public sealed class TimingCollection;

/// <summary>Times what must be quick on a machine that does other things too.</summary>
internal static class Timing
{
    /// <summary>The result and the seconds of the quickest of some runs; later runs are made only while the first was slow.</summary>
    public static (T Result, double Seconds) Quickest<T>(int runs, Func<T> run, double enough = 0.05)
    {
        var best = double.MaxValue;
        T result = default!;
        for (var i = 0; i < runs && best >= enough; i++)
        {
            var start = Stopwatch.GetTimestamp();
            result = run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return (result, best);
    }
}
