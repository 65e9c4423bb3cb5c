using System.Text.Json;
using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine;

/// <summary>
/// What happens to instances from outside: clients, activity results, timers. Called on the engine's loop, inside its transaction.
/// </summary>
internal sealed class Instances(InstanceTable table, WorkTables work, ExecutionCache cache, ILogger logger)
{
    /// <summary>The error type under which a parent sees that a sub-orchestration was terminated.</summary>
    public const string TerminatedError = "OrchestrationTerminated";

    private readonly Queue<long> ready = new();
    private readonly HashSet<long> isReady = [];
    private readonly List<Action> afterCommit = [];
    private readonly Dictionary<string, List<TaskCompletionSource<OrchestrationState>>> waiters = new(StringComparer.Ordinal);

    /// <summary>Whether any instance has messages to decide on.</summary>
    public bool HasReady => ready.Count > 0;

    /// <summary>The next instance to decide on.</summary>
    public bool TryTakeReady(out long key) => ready.TryDequeue(out key) && isReady.Remove(key);

    /// <summary>Puts an instance in the queue for a decision.</summary>
    public void MarkReady(long key)
    {
        if (isReady.Add(key))
            ready.Enqueue(key);
    }

    /// <summary>Keeps an action for when the transaction lasts.</summary>
    public void AfterCommit(Action action) => afterCommit.Add(action);

    /// <summary>Runs what waited for the commit.</summary>
    public void Committed()
    {
        foreach (var action in afterCommit)
            action();
        afterCommit.Clear();
    }

    /// <summary>Starts a root instance.</summary>
    public bool Schedule(string name, JsonElement input, string id, bool restartFinished)
    {
        var existing = table.Find(id);
        if (existing is not null && !(existing.IsFinished && restartFinished))
            return false;
        Create(existing, id, name, input, parent: null);
        return true;
    }

    /// <summary>Makes an instance, in place of a finished one of its id.</summary>
    public void Create(InstanceRow? finished, string id, string name, JsonElement input, ParentRequest? parent)
    {
        if (finished is not null)
            Remove(finished.Key);
        var created = table.Insert(id, name, (finished?.Execution ?? 0) + 1, input, parent);
        Deliver(created.Key, created.Execution, new ExecutionStarted(input));
    }

    /// <summary>Raises an event, if there is somebody to hear it.</summary>
    public void Raise(string id, string name, JsonElement payload)
    {
        if (table.Find(id) is { IsFinished: false } target)
            Deliver(target.Key, execution: null, new EventRaised(name, payload));
    }

    /// <summary>Puts a message into an inbox.</summary>
    public void Deliver(long key, int? execution, HistoryEvent message)
    {
        work.Enqueue(key, execution, message);
        MarkReady(key);
    }

    /// <summary>Ends an instance and its running descendants.</summary>
    public void Terminate(string id, string? reason)
    {
        if (table.Find(id) is { IsFinished: false } root)
            WithDescendants(root, instance =>
            {
                work.DeleteActivities(instance.Key);
                Finish(instance, OrchestrationStatus.Terminated, HistoryJson.From(reason), null);
            });
    }

    /// <summary>Holds an instance and its running descendants, or lets them go on.</summary>
    public void SetSuspended(string id, bool suspended)
    {
        if (table.Find(id) is { IsFinished: false } root)
            WithDescendants(root, instance =>
            {
                table.SetSuspended(instance.Key, suspended);
                MarkReady(instance.Key);
            });
    }

    /// <summary>Forgets a finished instance.</summary>
    public bool Purge(string id)
    {
        if (table.Find(id) is not { IsFinished: true } finished)
            return false;
        Remove(finished.Key);
        return true;
    }

    /// <summary>The state once finished.</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    public Task<OrchestrationState> WaitAsync(string id)
    {
        var state = table.View(id) ?? throw new KeyNotFoundException($"There is no orchestration instance '{id}'.");
        if (state.IsFinished)
            return Task.FromResult(state);
        var source = new TaskCompletionSource<OrchestrationState>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!waiters.TryGetValue(id, out var list))
            waiters[id] = list = [];
        list.Add(source);
        return source.Task;
    }

    /// <summary>Cancels all who wait.</summary>
    public void RejectWaiters(Exception error)
    {
        foreach (var source in waiters.Values.SelectMany(list => list))
            source.TrySetException(error);
        waiters.Clear();
    }

    /// <summary>Records an activity's result, once; dropped when nobody wants it any more.</summary>
    public void RecordActivity(ActivityWork activity, Func<int, HistoryEvent> answer) => Answer(work.TakeActivity(activity.Id), answer);

    /// <summary>Records that timers fired.</summary>
    public void FireTimers(IReadOnlyList<long> timers)
    {
        foreach (var timer in timers)
            Answer(work.TakeTimer(timer), id => new TimerFired(id));
    }

    /// <summary>Ends an instance, tells its parent, and wakes those who wait for it.</summary>
    public void Finish(InstanceRow instance, OrchestrationStatus status, JsonElement? output, FailureDetails? failure)
    {
        if (failure is not null)
            EngineLog.InstanceFailed(logger, instance.Name, instance.Id, failure.ErrorType, failure.ErrorMessage);
        cache.Take(instance.Key);
        work.DeleteInbox(instance.Key);
        work.DeleteTimers(instance.Key);
        table.Finish(instance.Key, status, output, failure);
        if (instance.Parent is { } parent)
            Answer(new OpenRequest(parent.Key, parent.Execution, parent.Request), id => status switch
            {
                OrchestrationStatus.Completed => new TaskCompleted(id, output ?? HistoryJson.Null),
                OrchestrationStatus.Failed => new TaskFailed(id, failure!),
                _ => new TaskFailed(id,
                    new FailureDetails(TerminatedError,
                        $"Instance '{instance.Id}' was terminated. {HistoryJson.Read<string>(output ?? HistoryJson.Null)}".TrimEnd())),
            });
        if (waiters.Remove(instance.Id, out var waiting))
        {
            var state = table.View(instance.Id)!;
            AfterCommit(() => waiting.ForEach(source => source.TrySetResult(state)));
        }
    }

    /// <summary>Fails an execution whose code went on outside a decision.</summary>
    public void FailEscaped(ExecutionIdentity escaped)
    {
        if (table.Find(escaped.Key) is { IsFinished: false } instance && instance.Execution == escaped.Execution)
            Finish(instance, OrchestrationStatus.Failed, null,
                FailureDetails.From(
                    new ForeignTaskException(escaped.InstanceId,
                        "went on outside a decision, after awaiting a task that is not of its context")));
    }

    private void Answer(OpenRequest? request, Func<int, HistoryEvent> answer)
    {
        if (request is not null && table.Find(request.Key) is { IsFinished: false } instance && instance.Execution == request.Execution)
            Deliver(request.Key, request.Execution, answer(request.Request));
    }

    private void WithDescendants(InstanceRow root, Action<InstanceRow> act)
    {
        act(root);
        foreach (var child in table.UnfinishedChildren(root.Key))
            WithDescendants(child, act);
    }

    private void Remove(long key)
    {
        work.DeleteHistory(key);
        work.DeleteActivities(key);
        table.Delete(key);
    }
}
