using System.Diagnostics;
using System.Globalization;

namespace R1Cloud.Shared;

/// <summary>
/// Every durable write by a name, so that a process can be made to die right before or right after each of them, by a kill that leaves no
/// last words. What dies anywhere is started again and ends the same: tests go through all the points. Unless the variable is set,
/// nothing is in the way of any write.
/// </summary>
/// <remarks>
/// <c>R1_CRASH_AT=POINT:before:N:FILE</c> (or <c>after</c>) kills the process that comes to the point for the N-th time; FILE, which is
/// made then, says that it was done, so that nobody dies a second time. <c>R1_CRASH_AT=tell:FILE</c> writes down which points are come to.
/// </remarks>
public static class CrashPoints
{
    /// <summary>The environment variable that arms one.</summary>
    public const string Variable = "R1_CRASH_AT";

    /// <summary>What a batch of commands (events, results of activities, timers) does to the engine's database.</summary>
    public const string EngineBatch = "engine-batch";

    /// <summary>What follows from a decision of an orchestration.</summary>
    public const string EngineDecision = "engine-decision";

    /// <summary>The engine's new database.</summary>
    public const string EngineSchema = "engine-schema";

    private static readonly Arm? Armed = Parse(Environment.GetEnvironmentVariable(Variable));

    private delegate void Arm(string point, string moment);

    /// <summary>Whether the process may be made to die.</summary>
    public static bool AreArmed => Armed is not null;

    /// <summary>The setting, for child processes; null when there is none.</summary>
    public static string? Setting => AreArmed ? Environment.GetEnvironmentVariable(Variable) : null;

    /// <summary>A write is about to be done.</summary>
    public static void Before(string point) => Armed?.Invoke(point, "before");

    /// <summary>A write is done, and nobody knows yet.</summary>
    public static void After(string point) => Armed?.Invoke(point, "after");

    private static Arm? Parse(string? setting) => setting?.Split(':', 4) switch
    {
        null or [""] => null,
        ["tell", .. var rest] => Teller(string.Join(':', rest)),
        [var point, ("before" or "after") and var moment, var count, var file]
            when int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times > 0 =>
            Killer(point, moment, times, file),
        _ => throw new InvalidOperationException($"{Variable} is '{setting}'; it is POINT:before:N:FILE, POINT:after:N:FILE or tell:FILE."),
    };

    private static Arm Teller(string file)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        return (point, _) =>
        {
            lock (told)
            {
                if (!told.Add(point)) return;
                // Processes append side by side: a line in one write is whole.
                using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                stream.Write(System.Text.Encoding.UTF8.GetBytes(point + "\n"));
            }
        };
    }

    private static Arm Killer(string point, string moment, int times, string file)
    {
        var left = times;
        return (reached, now) =>
        {
            if (reached != point || now != moment || Interlocked.Decrement(ref left) != 0 || !IsFirst(file)) return;
            using var self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        };
    }

    private static bool IsFirst(string file)
    {
        try
        {
            using var mark = new FileStream(file, FileMode.CreateNew);
            return true;
        }
        catch (IOException) when (File.Exists(file))
        {
            return false;
        }
    }
}
