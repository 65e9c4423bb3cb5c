using Azure.Compute.Batch;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>What is to be done about a worker.</summary>
internal enum WorkerVerdict
{
    /// <summary>It works or is on its way.</summary>
    Well,
    /// <summary>It has left, without blame: another task may take its place.</summary>
    Left,
    /// <summary>It failed: another task may take its place, a limited number of times.</summary>
    Failed,
    /// <summary>It hangs on a node that is no good, or never gets up: to be ended and replaced.</summary>
    Stuck,
    /// <summary>Further tasks would fail alike.</summary>
    Hopeless,
}

/// <summary>Judges workers by what Batch says of their tasks.</summary>
internal static class WorkerVerdicts
{
    private static readonly BatchNodeState[] Lost =
        [BatchNodeState.Unusable, BatchNodeState.Offline, BatchNodeState.Unknown, BatchNodeState.StartTaskFailed];

    /// <summary>The verdict on a worker.</summary>
    public static WorkerVerdict On(WorkerSlot slot, BatchState state, WorkerLedger ledger, BatchPoolOptions options, DateTimeOffset now)
    {
        if (slot.Last is not { } task) return WorkerVerdict.Left;
        if (task.State != BatchTaskState.Completed) return IsStuck(task, state, options, now) ? WorkerVerdict.Stuck : WorkerVerdict.Well;
        if (HasLeft(task, state.JobId, ledger)) return WorkerVerdict.Left;
        if (task.ExecutionInfo?.ExitCode == ExitCodes.BadInput) return WorkerVerdict.Hopeless;
        var failures = slot.Tasks.Reverse().TakeWhile(item => IsFailure(item.Task, state.JobId, ledger)).Count();
        return failures >= options.MaxFailures ? WorkerVerdict.Hopeless : WorkerVerdict.Failed;
    }

    /// <summary>Whether a finished task counts as a failure.</summary>
    public static bool IsFailure(BatchTask task, string jobId, WorkerLedger ledger) =>
        task.State == BatchTaskState.Completed && !HasLeft(task, jobId, ledger);

    // Done, told to stop by a preemption, or ended by the pool: nobody's fault.
    private static bool HasLeft(BatchTask task, string jobId, WorkerLedger ledger) =>
        task.ExecutionInfo?.ExitCode is ExitCodes.Done or ExitCodes.Preempted || ledger.Ended.ContainsKey(WorkerLedger.Key(jobId, task.Id));

    // Whether it says it runs on a node that does not, or has been preparing for too long. A node that is leaving or preempted puts its
    // tasks back itself.
    private static bool IsStuck(BatchTask task, BatchState state, BatchPoolOptions options, DateTimeOffset now)
    {
        var since = Instants.Between(task.StateTransitionTime, now);
        if (task.State == BatchTaskState.Preparing) return since > options.PreparingLimit;
        if (task.State != BatchTaskState.Running || task.NodeInfo?.NodeId is not { } nodeId
            || !state.Nodes.TryGetValue(nodeId, out var node)) return false;
        return Lost.Contains(node.State) && Instants.Between(node.StateTransitionTime, now) > options.PreparingLimit;
    }
}
