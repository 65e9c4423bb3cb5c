namespace R1Cloud.Hub.Tests;

/// <summary>A clock whose waits are over at once, and count as if they had been waited for.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly List<TimeSpan> waits = [];
    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>All waits so far.</summary>
    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (waits) return [.. waits];
        }
    }

    /// <summary>Holds back the ends of waits; null lets them end at once.</summary>
    public Task? Until { get; set; }

    /// <summary>Told of each wait as it begins.</summary>
    public Action? Begun { get; set; }

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (waits) waits.Add(dueTime);
        Begun?.Invoke();
        _ = (Until ?? Task.CompletedTask).ContinueWith(_ =>
        {
            Interlocked.Add(ref ticks, dueTime.Ticks);
            callback(state);
        }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
