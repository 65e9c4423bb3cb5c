namespace R1Cloud.Pipeline.Workers;

/// <summary>Where the output of workers is kept, for people to read.</summary>
public interface IWorkerLogs
{
    /// <summary>A part of a worker's output; null where none is kept (yet).</summary>
    Task<WorkerLogPart?> ReadAsync(string runId, string worker, WorkerLogRange range, CancellationToken cancellation = default);
}

/// <summary>Which part of a log is asked for.</summary>
/// <param name="Tail">The most bytes from its end.</param>
/// <param name="After">Only what comes after so many bytes, in place of the end.</param>
public sealed record WorkerLogRange(int Tail = WorkerLogRange.DefaultTail, long? After = null)
{
    /// <summary>The most bytes that come at once, and how many where nothing is said.</summary>
    public const int MaxTail = 1 << 20, DefaultTail = 64 << 10;

    /// <summary>The bytes of a log of a size. One that was begun again is read from its start.</summary>
    public (long From, int Count) In(long size)
    {
        if (After is not { } after) return (Math.Max(0, size - Tail), (int)Math.Min(size, Tail));
        var from = after > size ? 0 : after;
        return (from, (int)Math.Min(size - from, MaxTail));
    }
}

/// <summary>A part of a log: whole lines where there are any.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="From">Where the part begins, in bytes.</param>
/// <param name="To">Where it ends: what to give as <c>after</c> for what follows.</param>
/// <param name="Size">Bytes of the whole log.</param>
/// <param name="Text">The part.</param>
public sealed record WorkerLogPart(string Worker, long From, long To, long Size, string Text)
{
    private const byte NewLine = (byte)'\n';

    /// <summary>Cuts bytes at lines.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="range">What was asked for.</param>
    /// <param name="from">Where the bytes begin.</param>
    /// <param name="size">Bytes of the whole log.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="grows">Whether the log may grow still: its last line then waits for its end.</param>
    public static WorkerLogPart Cut(string worker, WorkerLogRange range, long from, long size, ReadOnlySpan<byte> bytes, bool grows)
    {
        var ends = from + bytes.Length >= size && !grows;
        var last = bytes.LastIndexOf(NewLine);
        if (!ends && last >= 0) bytes = bytes[..(last + 1)];
        var first = bytes.IndexOf(NewLine);
        if (range.After is null && from > 0 && first >= 0 && first < bytes.Length - 1)
        {
            bytes = bytes[(first + 1)..];
            from += first + 1;
        }
        return new(worker, from, from + bytes.Length, size, System.Text.Encoding.UTF8.GetString(bytes));
    }
}
