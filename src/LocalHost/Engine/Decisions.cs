using System.Diagnostics;
using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine;

/// <summary>Makes an instance's next decision on all its messages, and commits all that follows from it as one transaction.</summary>
internal sealed class Decisions(
    EngineDatabase database,
    InstanceTable table,
    WorkTables work,
    Instances instances,
    ExecutionCache cache,
    OrchestrationRegistry registry,
    TimeProvider time,
    ILoggerFactory loggers,
    Action<ExecutionIdentity> escaped,
    Action<ActivityWork> dispatch,
    Action<TimerWork> schedule)
{
    private const long SlowMilliseconds = 1000;
    private readonly ILogger logger = loggers.CreateLogger<EmbeddedEngine>();

    /// <summary>Makes one decision, if the instance is free to make one.</summary>
    public void Make(long key)
    {
        if (table.Find(key) is not { IsFinished: false, Suspended: false } instance)
            return;
        var messages = work.Inbox(key, instance.Execution);
        if (messages.Count == 0)
            return;

        var began = Stopwatch.GetTimestamp();
        try
        {
            var execution = cache.Take(key) ?? Revive(instance);
            var decision = execution.Decide(time.GetUtcNow(), messages);
            database.InTransaction(CrashPoints.EngineDecision, () => Apply(instance, decision));
            instances.Committed();
            if (decision.Ending is null)
                cache.Put(execution);
        }
        catch (NonDeterministicOrchestrationException error)
        {
            database.InTransaction(CrashPoints.EngineDecision,
                () => instances.Finish(instance, OrchestrationStatus.Failed, null, FailureDetails.From(error)));
            instances.Committed();
        }
        if (Stopwatch.GetElapsedTime(began).TotalMilliseconds is > SlowMilliseconds and var slow)
            EngineLog.SlowDecision(logger, instance.Name, instance.Id, (long)slow);
    }

    private OrchestrationExecution Revive(InstanceRow instance)
    {
        var execution = new OrchestrationExecution(instance.Identity, () => registry.Orchestrator(instance.Name), loggers, escaped);
        execution.Replay(work.History(instance.Key));
        return execution;
    }

    private void Apply(InstanceRow instance, Decision decision)
    {
        work.DeleteInbox(instance.Key);
        if (decision.Next is null)
            work.AppendHistory(instance.Key, decision.FirstPosition, decision.History);
        table.SetRunning(instance.Key);
        if (decision.CustomStatus is { } status)
            table.SetCustomStatus(instance.Key, status);
        if (decision.Next is { } next) // First: an event that the code has just sent to itself comes after those it carries along.
            BeginNext(instance, next);
        foreach (var request in decision.Requests)
        {
            if (decision.Ending is null || request is not TimerCreated)
                Grant(instance, request);
        }

        if (decision.Next is not null)
            return;
        if (decision.Ending is ExecutionCompleted completed)
            instances.Finish(instance, OrchestrationStatus.Completed, completed.Output, null);
        else if (decision.Ending is ExecutionFailed failed)
            instances.Finish(instance, OrchestrationStatus.Failed, null, failed.Failure);
    }

    private void BeginNext(InstanceRow instance, NextExecution next)
    {
        work.DeleteHistory(instance.Key);
        work.DeleteTimers(instance.Key);
        table.SetNextExecution(instance.Key, next.Input);
        instances.Deliver(instance.Key, instance.Execution + 1, new ExecutionStarted(next.Input));
        foreach (var raised in next.Events)
            instances.Deliver(instance.Key, instance.Execution + 1, raised);
    }

    private void Grant(InstanceRow instance, Request request)
    {
        var open = new OpenRequest(instance.Key, instance.Execution, request.Id);
        switch (request)
        {
            case ActivityScheduled asked:
                var activity = work.InsertActivity(open, asked.Name, asked.Input);
                instances.AfterCommit(() => dispatch(activity));
                break;
            case TimerCreated asked:
                var timer = work.InsertTimer(open, asked.FireAt);
                instances.AfterCommit(() => schedule(timer));
                break;
            case TimerCancelled asked:
                work.DeleteTimer(instance.Key, asked.TimerId);
                break;
            case EventSent asked:
                instances.Raise(asked.InstanceId, asked.Name, asked.Payload);
                break;
            case SubOrchestrationScheduled asked:
                Begin(asked, new ParentRequest(instance.Key, instance.Id, instance.Execution, request.Id));
                break;
            default:
                throw new InvalidOperationException($"{request.GetType().Name} cannot be granted.");
        }
    }

    private void Begin(SubOrchestrationScheduled asked, ParentRequest parent)
    {
        var existing = table.Find(asked.InstanceId);
        if (existing is null or { IsFinished: true })
            instances.Create(existing, asked.InstanceId, asked.Name, asked.Input, parent);
        else
            instances.Deliver(parent.Key, parent.Execution, new TaskFailed(parent.Request, FailureDetails.From(
                new InvalidOperationException($"An orchestration instance '{asked.InstanceId}' exists and is not finished."))));
    }
}
