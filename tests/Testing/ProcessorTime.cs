using System.Diagnostics;
using System.Runtime.InteropServices;

namespace R1Cloud.Testing;

/// <summary>What work costs however busy the machine is.</summary>
public static partial class ProcessorTime
{
    private const int OfThisThread = 3; // CLOCK_THREAD_CPUTIME_ID

    /// <summary>
    /// The processor time that this thread spends on an action. Outside of Linux that of the whole process, which is more.
    /// </summary>
    public static TimeSpan Of(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var before = Now();
        action();
        return Now() - before;
    }

    private static TimeSpan Now()
    {
        if (OperatingSystem.IsLinux() && ClockGetTime(OfThisThread, out var time) == 0)
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeOfClock time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeOfClock
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
