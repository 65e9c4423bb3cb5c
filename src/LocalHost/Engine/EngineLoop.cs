using R1Cloud.LocalHost.Engine.History;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine;

/// <summary>
/// The engine's one thread: every read, write and decision happens here, one after the other, so nothing needs a lock. What has piled up is
/// written as one transaction; then one decision is made; with neither to do the thread sleeps.
/// </summary>
internal sealed class EngineLoop
{
    private const int LargestBatch = 512;
    private readonly object gate = new();
    private readonly Queue<Command> commands = new();
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EngineDatabase database;
    private readonly Instances instances;
    private readonly Decisions decisions;
    private readonly ILogger logger;
    private volatile bool stopping;
    private Exception? fault;

    /// <summary>Prepares the loop.</summary>
    public EngineLoop(EngineDatabase database, Instances instances, Decisions decisions, ILogger logger)
    {
        this.database = database;
        this.instances = instances;
        this.decisions = decisions;
        this.logger = logger;
    }

    /// <summary>Completes when the loop has ended; faulted when its storage failed.</summary>
    public Task Completion => completion.Task;

    /// <summary>Whether it is to end.</summary>
    public bool IsStopping => stopping;

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "orchestration engine" }.Start();

    /// <summary>Ends the loop after the commands it already has; decisions not yet begun wait for the next start.</summary>
    public Task StopAsync()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }
        return completion.Task;
    }

    /// <summary>Does a piece of work on the loop; its result comes once it is committed.</summary>
    /// <exception cref="EngineStorageException">The storage failed; nothing of it is done.</exception>
    /// <exception cref="InvalidOperationException">The engine has stopped.</exception>
    public Task<T> InvokeAsync<T>(Func<T> work)
    {
        var source = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        T result = default!;
        // Work that fails checks before it writes, so its error is its caller's alone.
        Exception? refused = null;
        Add(new Command(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception error) when (error is not EngineStorageException)
            {
                refused = error;
            }
        }, error =>
        {
            error ??= refused;
            if (error is null)
                source.SetResult(result);
            else
                source.SetException(error);
        }));
        return source.Task;
    }

    /// <summary>
    /// Does a piece of work on the loop, some time; not at all if the engine stops first. Its error would be lost, so it stops the engine.
    /// </summary>
    public void Post(Action work) => Add(new Command(work, _ => { }));

    private void Add(Command command)
    {
        lock (gate)
        {
            if (!stopping)
            {
                commands.Enqueue(command);
                Monitor.Pulse(gate);
                return;
            }
        }
        command.Done(Ended());
    }

    private void Run()
    {
        try
        {
            while (TakeBatch() is { } batch)
            {
                if (batch.Count > 0)
                    Commit(batch);
                if (!stopping && instances.TryTakeReady(out var key))
                    decisions.Make(key);
            }
        }
        catch (Exception error)
        {
            fault = error;
            EngineLog.StorageFailed(logger, error);
        }
        End();
    }

    private List<Command>? TakeBatch()
    {
        lock (gate)
        {
            while (commands.Count == 0 && !instances.HasReady && !stopping)
                Monitor.Wait(gate);
            if (stopping && commands.Count == 0)
                return null;
            var batch = new List<Command>(Math.Min(commands.Count, LargestBatch));
            while (batch.Count < LargestBatch && commands.TryDequeue(out var command))
                batch.Add(command);
            return batch;
        }
    }

    private void Commit(List<Command> batch)
    {
        try
        {
            database.InTransaction(CrashPoints.EngineBatch, () => batch.ForEach(command => command.Run()));
        }
        catch (Exception error)
        {
            batch.ForEach(command => command.Done(error));
            throw;
        }
        instances.Committed();
        batch.ForEach(command => command.Done(null));
    }

    private void End()
    {
        Command[] rest;
        lock (gate)
        {
            stopping = true;
            rest = [.. commands];
            commands.Clear();
        }
        foreach (var command in rest)
            command.Done(Ended());
        instances.RejectWaiters(Ended());
        if (fault is null)
            completion.SetResult();
        else
            completion.SetException(fault);
    }

    private Exception Ended() => fault ?? new InvalidOperationException("The engine has stopped.");

    // A piece of work, and whom to tell that it is committed or that it is not.
    private sealed record Command(Action Run, Action<Exception?> Done);
}
