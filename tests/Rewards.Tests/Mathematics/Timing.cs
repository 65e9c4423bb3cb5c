using System.Runtime.InteropServices;

namespace R1Cloud.Rewards.Tests.Mathematics;

/// <summary>Tests that measure time, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Timing), DisableParallelization = true)]
public sealed class TimingCollection;

/// <summary>Processor time of what must be quick: on a busy machine the wall clock says nothing.</summary>
internal static partial class Timing
{
    /// <summary>The result and the seconds of the quickest of some runs; later runs are made only while the first was slow.</summary>
    public static (T Result, double Seconds) Quickest<T>(int runs, Func<T> run, double enough = 0.05)
    {
        var best = double.MaxValue;
        T result = default!;
        for (var i = 0; i < runs && best >= enough; i++)
        {
            var start = ThreadSeconds();
            result = run();
            best = Math.Min(best, ThreadSeconds() - start);
        }
        return (result, best);
    }

    /// <summary>Processor time that this thread has used.</summary>
    public static double ThreadSeconds()
    {
        const int ThreadProcessorTime = 3; // CLOCK_THREAD_CPUTIME_ID
        _ = GetTime(ThreadProcessorTime, out var time);
        return time.Seconds + (time.Nanoseconds * 1e-9);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);
}
