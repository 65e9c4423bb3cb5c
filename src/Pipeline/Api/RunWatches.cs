using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Api;

/// <summary>What a look at a run saw.</summary>
/// <param name="Run">The run.</param>
/// <param name="Rows">The metrics of its stages.</param>
internal sealed record RunLook(RunView Run, IReadOnlyList<MetricsRow> Rows);

/// <summary>
/// Looks at runs for the readers of their event streams: each run once, however many readers it has, up to a limit of readers.
/// </summary>
/// <param name="look">Makes what looks at a run.</param>
/// <param name="options">How often, and for how many.</param>
/// <param name="clock">The clock.</param>
internal sealed class RunWatches(Func<string, Func<CancellationToken, Task<RunLook>>> look, PipelineOptions options, TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, RunWatch> watches = new(StringComparer.Ordinal);
    private int readers;

    /// <summary>Begins to read a run's news.</summary>
    /// <exception cref="TooManyException">There are as many readers as may be.</exception>
    public RunReader Open(string runId)
    {
        lock (gate)
        {
            var limits = options.Limits;
            if (readers >= limits.EventStreams)
                throw new TooManyException(
                    $"{readers} event streams are open, as many as this host allows. Close one, or ask for GET /api/runs/{runId} now and "
                    + $"then.");
            if (!watches.TryGetValue(runId, out var watch) || watch.HasFailed)
                watches[runId] = watch = new RunWatch(look(runId), options.EventPollInterval, clock);
            if (watch.Readers >= limits.EventStreamsPerRun)
                throw new TooManyException(
                    $"{watch.Readers} event streams of run '{runId}' are open, as many as this host allows. Close one, or ask for GET "
                    + $"/api/runs/{runId} now and then.");
            readers++;
            watch.Readers++;
            return new RunReader(watch, () => Close(runId, watch));
        }
    }

    private void Close(string runId, RunWatch watch)
    {
        lock (gate)
        {
            readers--;
            if (--watch.Readers > 0) return;
            if (watches.GetValueOrDefault(runId) == watch) watches.Remove(runId);
        }
        watch.Dispose();
    }
}

/// <summary>A reader of a run's news.</summary>
internal sealed class RunReader(RunWatch watch, Action close) : IDisposable
{
    private long seen;
    private int closed;

    /// <summary>The latest look that this reader has not had yet; waits for it.</summary>
    public async Task<RunLook> NextAsync(CancellationToken cancellation)
    {
        (var look, seen) = await watch.AfterAsync(seen, cancellation);
        return look;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref closed, 1) == 0) close();
    }
}

/// <summary>Looks at a run every so often until stopped, or until a look fails, which ends all its readers' streams.</summary>
internal sealed class RunWatch : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationToken stopped;
    private TaskCompletionSource next = New();
    private RunLook? last;
    private Exception? failure;
    private long number;

    public RunWatch(Func<CancellationToken, Task<RunLook>> look, TimeSpan interval, TimeProvider clock)
    {
        stopped = stop.Token;
        _ = Task.Run(() => WatchAsync(look, interval, clock), CancellationToken.None);
    }

    /// <summary>How many read it; the owner counts.</summary>
    public int Readers { get; set; }

    /// <summary>Whether a look failed: it looks no more.</summary>
    public bool HasFailed
    {
        get { lock (gate) return failure is not null; }
    }

    /// <summary>The first look after a number, and its own number.</summary>
    public async Task<(RunLook Look, long Number)> AfterAsync(long seen, CancellationToken cancellation)
    {
        while (true)
        {
            Task news;
            lock (gate)
            {
                if (last is not null && number > seen) return (last, number);
                if (failure is not null) throw new InvalidOperationException("The run could not be looked at.", failure);
                news = next.Task;
            }
            await news.WaitAsync(cancellation);
        }
    }

    /// <summary>Looks no more.</summary>
    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task WatchAsync(Func<CancellationToken, Task<RunLook>> look, TimeSpan interval, TimeProvider clock)
    {
        try
        {
            while (!stopped.IsCancellationRequested)
            {
                var seen = await look(stopped);
                Tell(() => (last, number) = (seen, number + 1));
                await Task.Delay(interval, clock, stopped);
            }
        }
        catch (Exception e)
        {
            Tell(() => failure = e); // nobody is left to tell when it was stopped
        }
    }

    private void Tell(Action change)
    {
        TaskCompletionSource told;
        lock (gate)
        {
            change();
            (told, next) = (next, New());
        }
        told.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
