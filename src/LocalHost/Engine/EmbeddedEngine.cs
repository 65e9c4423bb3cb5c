using System.Runtime.CompilerServices;
using R1Cloud.LocalHost.Engine.Activities;
using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.LocalHost.Engine.Timers;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine;

/// <summary>
/// A durable orchestration engine in one process, event-sourced on SQLite. Whatever it answered is on disk: kill it anywhere, start it
/// again on the same database, and every instance goes on; activities whose result was recorded do not run again, those in flight do.
/// </summary>
/// <param name="options">Where and how.</param>
/// <param name="registry">The code it can run.</param>
/// <param name="services">Handed to activities.</param>
/// <param name="loggers">For its own log and the orchestrators' replay-safe ones.</param>
public sealed class EmbeddedEngine(EngineOptions options, OrchestrationRegistry registry, IServiceProvider services, ILoggerFactory loggers)
    : IOrchestrationClient, IHostedService, IAsyncDisposable
{
    private readonly EngineOptions options = options.Validated();
    private readonly ILogger logger = loggers.CreateLogger<EmbeddedEngine>();
    private Running? running;

    /// <summary>Ends with the engine: completed after a stop, faulted when its storage failed.</summary>
    public Task Completion => Loop.Completion;

    private EngineLoop Loop => running?.Loop ?? throw new InvalidOperationException("The engine has not been started.");

    private Instances Instances => running!.Instances;

    /// <summary>Opens the database and goes on with everything in it.</summary>
    /// <exception cref="EngineStorageException">The database is in use by another engine, damaged, not an engine's, or cannot be
    /// written.</exception>
    /// <exception cref="InvalidOperationException">This engine was started before.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (running is not null)
            throw new InvalidOperationException("An engine starts once; make another one.");
        var locked = DatabaseLock.Acquire(options.DatabasePath);
        try
        {
            var database = EngineDatabase.Open(options.DatabasePath, options.MaxDatabasePages);
            try
            {
                running = Build(locked, database);
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
        catch
        {
            locked.Dispose();
            throw;
        }
        _ = Completion.ContinueWith(_ => StopAsync(CancellationToken.None), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        return Task.CompletedTask;
    }

    /// <summary>Finishes the decision being made, cancels activities, and closes the database.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => running?.StopOnceAsync(StopAsync) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <inheritdoc/>
    public Task<bool> ScheduleNewAsync(string name, object? input, string instanceId, bool restartFinished = false,
        CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        var json = HistoryJson.From(input);
        return Loop.InvokeAsync(() => Instances.Schedule(name, json, instanceId, restartFinished)).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public Task RaiseEventAsync(string instanceId, string eventName, object? payload, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(eventName);
        var json = HistoryJson.From(payload);
        return DoAsync(() => Instances.Raise(instanceId, eventName, json), cancellation);
    }

    /// <inheritdoc/>
    public Task TerminateAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        DoAsync(() => Instances.Terminate(instanceId, reason), cancellation);

    /// <inheritdoc/>
    public Task SuspendAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        DoAsync(() => Instances.SetSuspended(instanceId, true), cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        DoAsync(() => Instances.SetSuspended(instanceId, false), cancellation);

    /// <inheritdoc/>
    public Task<OrchestrationState?> GetAsync(string instanceId, CancellationToken cancellation = default) =>
        Loop.InvokeAsync(() => running!.Table.View(instanceId)).WaitAsync(cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<OrchestrationState> ListAsync(
        string idPrefix = "", bool unfinishedOnly = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var state in await Loop.InvokeAsync(() => running!.Table.List(idPrefix, unfinishedOnly)).WaitAsync(cancellation))
            yield return state;
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    /// <exception cref="InvalidOperationException">The engine stopped before the instance was finished.</exception>
    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellation) =>
        await (await Loop.InvokeAsync(() => Instances.WaitAsync(instanceId)).WaitAsync(cancellation)).WaitAsync(cancellation);

    /// <inheritdoc/>
    public Task<bool> PurgeAsync(string instanceId, CancellationToken cancellation = default) =>
        Loop.InvokeAsync(() => Instances.Purge(instanceId)).WaitAsync(cancellation);

    private Task<bool> DoAsync(Action work, CancellationToken cancellation) => Loop.InvokeAsync(() =>
    {
        work();
        return true;
    }).WaitAsync(cancellation);

    private Running Build(DatabaseLock locked, EngineDatabase database)
    {
        EngineLoop loop = null!;
        var table = new InstanceTable(database, options.TimeProvider);
        var work = new WorkTables(database);
        var cache = new ExecutionCache(options.EffectiveCache);
        var instances = new Instances(table, work, cache, logger);
        var timers = new TimerQueue(options.TimeProvider, due => loop.Post(() => instances.FireTimers(due)));
        var dispatcher = new ActivityDispatcher(
            options.MaxConcurrentActivities, registry, services,
                (activity, answer) => loop.Post(() => instances.RecordActivity(activity, answer)), logger);
        var decisions = new Decisions(
            database, table, work, instances, cache, registry, options.TimeProvider, loggers,
            escaped => loop.Post(() => instances.FailEscaped(escaped)), dispatcher.Dispatch, timers.Add);
        loop = new EngineLoop(database, instances, decisions, logger);
        database.WaitsOn = (problem, waited) =>
        {
            if (waited >= options.LockPatience || loop.IsStopping) return false;
            EngineLog.Locked(logger, problem.Message, (int)waited.TotalSeconds);
            return true;
        };

        var messages = work.KeysWithMessages();
        var activities = work.Activities();
        var waits = work.Timers();
        messages.ForEach(instances.MarkReady);
        activities.ForEach(dispatcher.Dispatch);
        waits.ForEach(timers.Add);
        EngineLog.Started(logger, options.DatabasePath, messages.Count, activities.Count, waits.Count);
        loop.Start();
        dispatcher.Start();
        return new Running(locked, database, table, instances, timers, dispatcher, loop);
    }

    private async Task StopAsync(Running parts)
    {
        await parts.Dispatcher.StopAsync(options.StopTimeout);
        parts.Timers.Dispose();
        await parts.Loop.StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Completion reports a fault.
        parts.Database.Dispose();
        parts.Lock.Dispose();
        EngineLog.Stopped(logger);
    }

    // The parts of a started engine.
    private sealed class Running(
        DatabaseLock locked, EngineDatabase database, InstanceTable table, Instances instances, TimerQueue timers,
            ActivityDispatcher dispatcher, EngineLoop loop)
    {
        private readonly Lock gate = new();
        private Task? stop;

        public DatabaseLock Lock => locked;
        public EngineDatabase Database => database;
        public InstanceTable Table => table;
        public Instances Instances => instances;
        public TimerQueue Timers => timers;
        public ActivityDispatcher Dispatcher => dispatcher;
        public EngineLoop Loop => loop;

        /// <summary>Stops once: a second caller waits for the same stop, and then finds the database free.</summary>
        public Task StopOnceAsync(Func<Running, Task> stopAsync)
        {
            lock (gate) return stop ??= stopAsync(this);
        }
    }
}
