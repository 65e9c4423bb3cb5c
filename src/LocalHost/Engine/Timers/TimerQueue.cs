using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine.Timers;

/// <summary>Waits for durable timers with one clock timer, set to the earliest.</summary>
/// <param name="time">The clock.</param>
/// <param name="fire">Takes ids of timers that are due.</param>
internal sealed class TimerQueue(TimeProvider time, Action<IReadOnlyList<long>> fire) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1); // Clock timers end at 49 days; wake in between.
    private readonly Lock gate = new();
    private readonly PriorityQueue<long, DateTimeOffset> timers = new();
    private ITimer? clock;
    private bool stopped;

    /// <summary>Adds a timer.</summary>
    public void Add(TimerWork timer)
    {
        lock (gate)
        {
            timers.Enqueue(timer.Id, timer.FireAt);
            if (timers.Peek() == timer.Id)
                SetClock();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            clock?.Dispose();
        }
    }

    private void OnClock()
    {
        List<long> due = [];
        lock (gate)
        {
            var now = time.GetUtcNow();
            while (timers.TryPeek(out var id, out var fireAt) && fireAt <= now)
            {
                timers.Dequeue();
                due.Add(id);
            }
            SetClock();
        }
        if (due.Count > 0)
            fire(due);
    }

    private void SetClock()
    {
        if (stopped || !timers.TryPeek(out _, out var fireAt))
            return;
        // Rounded up to whole milliseconds, the clock's grain: waking too early would only mean waiting again.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, Instants.Between(time.GetUtcNow(), fireAt).TotalMilliseconds)));
        clock ??= time.CreateTimer(_ => OnClock(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        clock.Change(wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
    }
}
