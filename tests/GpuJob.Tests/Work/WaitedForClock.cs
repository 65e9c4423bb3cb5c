using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>A clock that stands until it is moved on, and that tells when somebody has begun to wait for a span of it.</summary>
internal sealed class WaitedForClock : FakeTimeProvider
{
    private readonly ConcurrentDictionary<TimeSpan, SemaphoreSlim> waits = new();

    /// <summary>By how much the time of day was set since the clock was made. Spans do not know of it.</summary>
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks; // the base takes it from the time of day

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Waits(dueTime).Release();
        return timer;
    }

    /// <summary>Moves on by a span once somebody waits for just that long.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        await WaitedForAsync(span);
        Advance(span);
    }

    /// <summary>Ends when somebody waits for just that long, once for each who does.</summary>
    public async Task WaitedForAsync(TimeSpan span)
    {
        if (!await Waits(span).WaitAsync(TimeSpan.FromMinutes(30))) throw new TimeoutException($"Nobody waits for {span}.");
    }

    private SemaphoreSlim Waits(TimeSpan span) => waits.GetOrAdd(span, _ => new(0));
}
