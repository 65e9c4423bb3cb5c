using System.Globalization;
using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>What the orchestrator's code sees: turns its calls into requests, and messages into completed tasks.</summary>
internal sealed class ReplayContext(ExecutionIdentity identity, DecisionScheduler scheduler, ILoggerFactory loggers) : IOrchestrationContext
{
    private readonly Dictionary<int, PendingTask> pending = [];
    private readonly List<Request> requests = [];
    private JsonElement input = HistoryJson.Null;
    private DateTimeOffset now;
    private int lastRequest;
    private int lastGuid;

    /// <inheritdoc/>
    public string Name => identity.Name;

    /// <inheritdoc/>
    public string InstanceId => identity.InstanceId;

    /// <inheritdoc/>
    public string? ParentInstanceId => identity.ParentInstanceId;

    /// <inheritdoc/>
    public DateTime CurrentUtcDateTime => now.UtcDateTime;

    /// <inheritdoc/>
    public bool IsReplaying { get; private set; }

    /// <summary>External events of this execution.</summary>
    public ExternalEvents Events { get; } = new();

    /// <summary>Whether anything is under way that could wake the code again.</summary>
    public bool AwaitsAnything => pending.Count > 0 || Events.HasWaiters;

    /// <summary>The custom status set in this decision, if any.</summary>
    public JsonElement? CustomStatus { get; private set; }

    /// <summary>The wish to continue as new, if the code has voiced it.</summary>
    public (JsonElement Input, bool PreserveEvents)? NextExecution { get; private set; }

    /// <summary>Sets the scene for a decision.</summary>
    public void Begin(DateTimeOffset at, bool replaying)
    {
        now = at;
        IsReplaying = replaying;
        CustomStatus = null;
    }

    /// <summary>What the code asked for since the last call.</summary>
    public IReadOnlyList<Request> TakeRequests()
    {
        var taken = requests.ToArray();
        requests.Clear();
        return taken;
    }

    /// <summary>Takes a message in. An answer to something no longer awaited (a cancelled timer) is dropped.</summary>
    public void Deliver(HistoryEvent message)
    {
        switch (message)
        {
            case ExecutionStarted started:
                input = started.Input;
                break;
            case EventRaised raised:
                Events.Deliver(raised);
                break;
            case TaskCompleted { Id: var id }:
                Complete(id, message);
                break;
            case TaskFailed { Id: var id }:
                Complete(id, message);
                break;
            case TimerFired { Id: var id }:
                Complete(id, message);
                break;
            default:
                throw new InvalidOperationException($"{message.GetType().Name} is not a message.");
        }
    }

    /// <inheritdoc/>
    public T? GetInput<T>() => HistoryJson.Read<T>(input);

    /// <inheritdoc/>
    public async Task<T> CallActivityAsync<T>(string name, object? input = null, TaskOptions? options = null) =>
        HistoryJson.Read<T>(await AttemptAsync(options?.Retry, id => new ActivityScheduled(id, name, HistoryJson.From(input)), name))!;

    /// <inheritdoc/>
    public Task CallActivityAsync(string name, object? input = null, TaskOptions? options = null) =>
        CallActivityAsync<JsonElement>(name, input, options);

    /// <inheritdoc/>
    public async Task<T> CallSubOrchestratorAsync<T>(string name, object? input = null, TaskOptions? options = null)
    {
        var given = (options as SubOrchestrationOptions)?.InstanceId;
        return HistoryJson.Read<T>(await AttemptAsync(
            options?.Retry,
            id => new SubOrchestrationScheduled(id, name,
                given ?? string.Create(CultureInfo.InvariantCulture, $"{InstanceId}:{identity.Execution}.{id}"), HistoryJson.From(input)),
            name))!;
    }

    /// <inheritdoc/>
    public Task CreateTimer(DateTime fireAtUtc, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled(cancellation);

        var utc = fireAtUtc.Kind == DateTimeKind.Local ? fireAtUtc.ToUniversalTime() : DateTime.SpecifyKind(fireAtUtc, DateTimeKind.Utc);
        var (id, timer) = Ask(next => new TimerCreated(next, new DateTimeOffset(utc)), "timer");
        OnCancel(() =>
        {
            if (!pending.Remove(id))
                return;
            requests.Add(new TimerCancelled(++lastRequest, id));
            timer.Cancel(cancellation);
        }, cancellation);
        return timer.Task;
    }

    /// <inheritdoc/>
    public async Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellation = default)
    {
        EnsureDeciding();
        cancellation.ThrowIfCancellationRequested();
        return HistoryJson.Read<T>(await Events.WaitAsync(eventName, stop => OnCancel(stop, cancellation)))!;
    }

    /// <inheritdoc/>
    public void SendEvent(string instanceId, string eventName, object? payload)
    {
        EnsureDeciding();
        requests.Add(new EventSent(++lastRequest, instanceId, eventName, HistoryJson.From(payload)));
    }

    /// <inheritdoc/>
    public void SetCustomStatus(object? status)
    {
        EnsureDeciding();
        CustomStatus = Pipeline.Orchestration.CustomStatus.Checked(InstanceId, HistoryJson.From(status));
    }

    /// <inheritdoc/>
    public void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        EnsureDeciding();
        NextExecution = (HistoryJson.From(newInput), preserveUnprocessedEvents);
    }

    /// <inheritdoc/>
    public Guid NewGuid()
    {
        EnsureDeciding();
        return DeterministicGuid.Create(string.Create(CultureInfo.InvariantCulture, $"{InstanceId}\n{identity.Execution}\n{++lastGuid}"));
    }

    /// <inheritdoc/>
    public ILogger CreateReplaySafeLogger(string category) => new ReplaySafeLogger(loggers.CreateLogger(category), this);

    // One attempt after another, with durable waits between them.
    private async Task<JsonElement> AttemptAsync(RetryPolicy? retry, Func<int, Request> request, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Ask(request, name).Task.Task;
            }
            catch (TaskFailedException failed) when (retry is not null && retry.Allows(attempt, failed.Details))
            {
                retry.OnWait?.Invoke(failed.Details);
            }
            await CreateTimer(Instants.After(CurrentUtcDateTime, retry.IntervalAfter(attempt)), CancellationToken.None);
        }
    }

    private (int Id, PendingTask Task) Ask(Func<int, Request> request, string name)
    {
        EnsureDeciding();
        var id = ++lastRequest;
        requests.Add(request(id));
        return (id, pending[id] = new PendingTask(name));
    }

    private void Complete(int id, HistoryEvent answer)
    {
        if (pending.Remove(id, out var task))
            task.Complete(answer);
    }

    private void OnCancel(Action stop, CancellationToken cancellation) => cancellation.UnsafeRegister(_ =>
    {
        if (scheduler.IsDeciding)
            stop();
        else
            scheduler.ReportEscape(); // A CancelAfter: a clock that no replay knows. Throwing here would end the process.
    }, null);

    private void EnsureDeciding()
    {
        if (!scheduler.IsDeciding)
            throw new ForeignTaskException(InstanceId, "used its context outside a decision");
    }
}
