namespace R1Cloud.Shared.Storage;

/// <summary>Waits for storage that is away, with back-off, up to a limit. Operations run side by side, each waits for itself.</summary>
/// <param name="limit">How long an operation waits in all. Once one has waited that long, the others get a single try until one of them
/// succeeds.</param>
/// <param name="time">The clock.</param>
public sealed class StoragePatience(TimeSpan limit, TimeProvider time)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5), LongestWait = TimeSpan.FromSeconds(30);
    private int waiting;
    private double waited;
    private volatile bool exhausted;
    private volatile string? reason;

    /// <summary>What is waited for just now; null when nothing is.</summary>
    public string? Waiting => Volatile.Read(ref waiting) > 0 ? reason : null;

    /// <summary>The longest wait so far, in seconds.</summary>
    public double WaitedSeconds => Volatile.Read(ref waited);

    /// <summary>Runs an operation, again and again while storage is away. It must be fit to be repeated.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <exception cref="StorageAwayException">Storage stayed away for longer than the limit.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> operation, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var start = time.GetTimestamp();
        var counted = false;
        try
        {
            for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
            {
                try
                {
                    var result = await operation();
                    exhausted = false;
                    return result;
                }
                catch (StorageAwayException e)
                {
                    if (time.GetElapsedTime(start) >= limit) exhausted = true;
                    if (exhausted) throw;
                    reason = e.Message;
                }
                if (!counted) Interlocked.Increment(ref waiting);
                counted = true;
                await Task.Delay(wait, time, stop);
                Volatile.Write(ref waited, Math.Max(waited, time.GetElapsedTime(start).TotalSeconds));
            }
        }
        finally
        {
            if (counted) Interlocked.Decrement(ref waiting);
        }
    }

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}}, CancellationToken)"/>
    public Task RunAsync(Func<Task> operation, CancellationToken stop = default) => RunAsync(async () =>
    {
        await operation();
        return true;
    }, stop);
}
