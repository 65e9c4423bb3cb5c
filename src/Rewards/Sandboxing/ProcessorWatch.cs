using System.Diagnostics;
using System.Globalization;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// Measures what sandboxes spend: processor time of all their processes, and time in which none of them even wanted a processor. A program
/// that computes
/// without end spends the first, one that sleeps or waits the second; a machine that is busy with other things costs it neither.
/// </summary>
/// <param name="roots">The outermost processes of the sandboxes.</param>
internal sealed class ProcessorWatch(params int[] roots)
{
    /// <summary>How long to wait between two looks.</summary>
    public const double LookSeconds = 0.05;

    private const double TicksPerSecond = 100; // USER_HZ, which Linux keeps at 100 for programs

    private readonly long started = Stopwatch.GetTimestamp();
    private long lastLook;
    private double atStart, atLook, idle;

    /// <summary>Seconds spent since the watch was made, as of the last look.</summary>
    public double Spent { get; private set; }

    /// <summary>Wall-clock seconds since the watch was made.</summary>
    public double Elapsed => Stopwatch.GetElapsedTime(started).TotalSeconds;

    /// <summary>Looks how much is spent by now. What is over before the first look is due is not worth one.</summary>
    public double Update()
    {
        if (Elapsed < LookSeconds) return Spent = Elapsed;
        var (processor, wanted) = Look();
        var now = Stopwatch.GetTimestamp();
        if (lastLook == 0) atStart = processor - LookSeconds; // no more than that can have been spent before
        else
        {
            // Processes that ended with what they started take their time with them; what was seen of it stays.
            processor = Math.Max(processor, atLook);
            if (!wanted && processor <= atLook) idle += Stopwatch.GetElapsedTime(lastLook, now).TotalSeconds;
        }
        (lastLook, atLook) = (now, processor);
        return Spent = processor - atStart + idle;
    }

    // Processor seconds of all processes, and whether one of their threads runs, waits for a processor or for a disk.
    private (double Processor, bool Wanted) Look()
    {
        var (ticks, wanted) = (0L, false);
        var left = new Stack<int>(roots);
        while (left.TryPop(out var process))
        {
            var folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
            try
            {
                ticks += Ticks(File.ReadAllText(folder + "/stat"));
                foreach (var thread in Directory.EnumerateDirectories(folder + "/task"))
                {
                    wanted |= State(File.ReadAllText(thread + "/stat")) is 'R' or 'D';
                    foreach (var child in File.ReadAllText(thread + "/children").Split(' ',
                        StringSplitOptions.RemoveEmptyEntries)) left.Push(int.Parse(child, CultureInfo.InvariantCulture));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone meanwhile.
            }
        }
        return (ticks / TicksPerSecond, wanted);
    }

    // "12 (name) S …": the name may hold anything, even brackets. Fields 14 to 17 are the ticks of the process and of children it has
    // waited for.
    private static long Ticks(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
    }

    private static char State(string stat) => stat[stat.LastIndexOf(')') + 2];
}
