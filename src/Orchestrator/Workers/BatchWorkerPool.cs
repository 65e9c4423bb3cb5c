using System.Collections.Concurrent;
using Azure;
using Azure.Compute.Batch;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Workers;

/// <summary>Batch would not do what was asked; the message says what to do.</summary>
public sealed class WorkerPoolException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// A run's workers as tasks of an Azure Batch job on the pool that Bicep made: resident containers that take jobs from the run's queue. There are
/// as many as the queue has jobs, up to the recipe's count; who finds no more work leaves by itself, and the pool's autoscale formula follows.
/// </summary>
/// <remarks>
/// Every id derives from the run and from what Batch says, so that whoever does something twice, or at the same time as another, does it once.
/// A preempted task is put back by Batch; what Batch leaves lying is picked up at the next <see cref="EnsureAsync"/>.
/// </remarks>
public sealed partial class BatchWorkerPool(
    BatchClient client, BatchPoolOptions options, IBlobStore blobs, OpenQueue openQueue, TimeProvider clock, ILogger<BatchWorkerPool> log) : IWorkerPool, IDisposable
{
    private readonly ConcurrentDictionary<string, (long At, WorkerPoolView View)> views = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <inheritdoc/>
    public Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default) => AloneAsync(runId, cancellation, async () =>
    {
        var ledger = await LedgerAsync(runId, cancellation) ?? new();
        try
        {
            ledger = await SeeToAsync(runId, workers, ledger, cancellation) with { Error = null };
        }
        catch (WorkerPoolException e)
        {
            // Whoever looks at the run is told too, not the app's log alone.
            await blobs.WriteJsonAsync(BlobLayout.WorkerLedger(runId), ledger with { Error = e.Message }, cancellation);
            throw;
        }
        await blobs.WriteJsonAsync(BlobLayout.WorkerLedger(runId), ledger, cancellation);
    });

    private async Task<WorkerLedger> SeeToAsync(string runId, WorkersRecipe workers, WorkerLedger ledger, CancellationToken cancellation)
    {
        if (TrainerImage.Problem(options.Image) is { } problem) throw new WorkerPoolException(problem);
        if (ledger.Released) ledger = ledger with { Generation = ledger.Generation + 1, Released = false, BadNodes = [], Note = null };
        var jobId = WorkerTasks.JobId(runId, ledger.Generation);
        await TryAsync(() => client.CreateJobAsync(WorkerTasks.Job(runId, ledger.Generation, options), cancellationToken: cancellation), cancellation, BatchErrorCode.JobExists);

        var state = await StateAsync(jobId, cancellation);
        ledger = ledger.Observe(jobId, state.Tasks, state.Dedicated, clock.GetUtcNow());
        ledger = await ShunBadNodesAsync(state, ledger, cancellation);

        var jobs = await openQueue(BlobLayout.JobQueue(runId)).CountAsync(cancellation);
        var wanted = Math.Clamp(jobs, 1, workers.Count);
        return await FillAsync(runId, workers, wanted, state, ledger with { Asked = wanted }, cancellation);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string runId, CancellationToken cancellation = default) => AloneAsync(runId, cancellation, async () =>
    {
        if (await LedgerAsync(runId, cancellation) is not { Released: false } ledger) return;
        var jobId = WorkerTasks.JobId(runId, ledger.Generation);
        var state = await StateAsync(jobId, cancellation);
        ledger = ledger.Observe(jobId, state.Tasks, state.Dedicated, clock.GetUtcNow());
        var reason = new BatchJobTerminateOptions { TerminationReason = "released" };
        await TryAsync(
            () => client.TerminateJobAsync(WaitUntil.Started, jobId, reason, cancellationToken: cancellation), cancellation,
            BatchErrorCode.JobNotFound, BatchErrorCode.JobCompleted, BatchErrorCode.JobBeingTerminated);
        await blobs.WriteJsonAsync(BlobLayout.WorkerLedger(runId), ledger with { Released = true }, cancellation);
    });

    /// <inheritdoc/>
    public async Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default)
    {
        var now = clock.GetTimestamp();
        if (views.TryGetValue(runId, out var known) && clock.GetElapsedTime(known.At, now) < options.ViewAge) return known.View;
        var view = await ViewAsync(runId, cancellation);
        views[runId] = (now, view);
        return view;
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private async Task<WorkerPoolView> ViewAsync(string runId, CancellationToken cancellation)
    {
        if (await LedgerAsync(runId, cancellation) is not { } ledger) return WorkerPoolView.None;
        if (ledger.Released) return new([], Restarts(ledger), null, ledger.Usage(options));

        var jobId = WorkerTasks.JobId(runId, ledger.Generation);
        BatchState state;
        try
        {
            state = await StateAsync(jobId, cancellation);
        }
        catch (WorkerPoolException e)
        {
            // A run can be looked at all the same.
            return new([], Restarts(ledger), ledger.Error ?? e.Message, ledger.Usage(options));
        }
        var now = clock.GetUtcNow();
        ledger = ledger.Observe(jobId, state.Tasks, state.Dedicated, now);
        var troubles = new WorkerTroubles(client, options, clock);
        return new(
            [.. state.Slots.Values.OrderBy(slot => slot.Worker).Select(slot => View(runId, slot, state))],
            Restarts(ledger),
            ledger.Error ?? await troubles.FindAsync(runId, state, ledger, now, cancellation),
            ledger.Usage(options));
    }

    private static WorkerView View(string runId, WorkerSlot slot, BatchState state)
    {
        var (id, task) = slot.Tasks[^1];
        var node = task.NodeInfo?.NodeId;
        var kind = node is not null && state.Nodes.TryGetValue(node, out var known) ? known.IsDedicated == true ? " (dedicated)" : " (spot)" : "";
        return new(
            id.Name,
            node is null ? "no node yet" : node + kind,
            task.State == BatchTaskState.Running ? "running" : task.State == BatchTaskState.Completed ? "stopped" : "starting",
            id.Number + slot.Tasks.Sum(item => (item.Task.ExecutionInfo?.RetryCount ?? 0) + (item.Task.ExecutionInfo?.RequeueCount ?? 0)),
            task.ExecutionInfo?.StartTime,
            BlobLayout.WorkerLogs(runId, id.ToString()));
    }

    /// <summary>Sees to it that so many workers live, in the order of their names.</summary>
    private async Task<WorkerLedger> FillAsync(string runId, WorkersRecipe workers, int wanted, BatchState state, WorkerLedger ledger, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var verdicts = Enumerable.Range(0, workers.Count)
            .Select(worker => state.Slots.GetValueOrDefault(worker) ?? new(worker, []))
            .Select(slot => (Slot: slot, Verdict: WorkerVerdicts.On(slot, state, ledger, options, now))).ToList();
        var living = verdicts.Count(item => item.Verdict == WorkerVerdict.Well);
        foreach (var (slot, verdict) in verdicts)
        {
            if (verdict is WorkerVerdict.Well or WorkerVerdict.Hopeless) continue;
            if (verdict == WorkerVerdict.Stuck) ledger = await EndAsync(slot, state, ledger, cancellation);
            if (living >= wanted) continue;
            living++;
            await TryAsync(
                () => client.CreateTaskAsync(state.JobId, WorkerTasks.Task(runId, slot.NextId, workers, options), cancellationToken: cancellation), cancellation, BatchErrorCode.TaskExists);
        }
        return ledger;
    }

    private async Task<WorkerLedger> EndAsync(WorkerSlot slot, BatchState state, WorkerLedger ledger, CancellationToken cancellation)
    {
        var task = slot.Last!;
        var why = $"{slot.NextId.Name} hung in state '{task.State}' on node {task.NodeInfo?.NodeId ?? "(none)"} and was replaced";
        LogEnded(log, why);
        await TryAsync(
            () => client.TerminateTaskAsync(state.JobId, task.Id, cancellationToken: cancellation), cancellation,
            BatchErrorCode.TaskCompleted, BatchErrorCode.TaskNotFound);
        return ledger with { Note = why, Ended = new Dictionary<string, string>(ledger.Ended) { [WorkerLedger.Key(state.JobId, task.Id)] = why } };
    }

    /// <summary>A node on which one worker after the other fails gets no more of them.</summary>
    private async Task<WorkerLedger> ShunBadNodesAsync(BatchState state, WorkerLedger ledger, CancellationToken cancellation)
    {
        var failures = state.Tasks.Where(task => WorkerVerdicts.IsFailure(task, state.JobId, ledger) && task.NodeInfo?.NodeId is not null).GroupBy(task => task.NodeInfo!.NodeId!);
        foreach (var node in failures.Where(group => group.Count() >= options.MaxNodeFailures).Select(group => group.Key))
        {
            if (ledger.BadNodes.Contains(node) || !state.Nodes.ContainsKey(node)) continue;
            var note = $"node {node} failed {options.MaxNodeFailures} workers and gets no more – it leaves the pool when nobody waits for one: if the pool has no room for another, pause the run until it is gone";
            LogShunned(log, note);
            // An autoscale pool lets nobody remove a node. One that is off already, or on its way, needs nothing.
            await TryAsync(
                () => client.DisableNodeSchedulingAsync(options.PoolId, node, cancellationToken: cancellation), cancellation,
                BatchErrorCode.NodeNotFound, BatchErrorCode.NodeAlreadyInTargetSchedulingState, BatchErrorCode.NodeStateUnusable, BatchErrorCode.OperationInvalidForCurrentState);
            ledger = ledger with { BadNodes = [.. ledger.BadNodes, node], Note = note };
        }
        return ledger;
    }

    private static int Restarts(WorkerLedger ledger) => ledger.Tasks.Values.Sum(task => task.Retries + task.Requeues);

    private Task<WorkerLedger?> LedgerAsync(string runId, CancellationToken cancellation) =>
        blobs.TryReadJsonAsync<WorkerLedger>(BlobLayout.WorkerLedger(runId), cancellation);

    private Task<BatchState> StateAsync(string jobId, CancellationToken cancellation) =>
        ExplainAsync($"Batch job '{jobId}'", () => BatchState.ReadAsync(client, jobId, options.PoolId, clock, cancellation));

    private Task<bool> TryAsync<T>(Func<Task<T>> call, CancellationToken cancellation, params BatchErrorCode[] fine) =>
        ExplainAsync("Azure Batch refuses", () => BatchCalls.TryAsync(clock, cancellation, call, [.. fine.Select(code => code.ToString())]));

    private static async Task<T> ExplainAsync<T>(string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RequestFailedException e)
        {
            throw new WorkerPoolException(BatchAdvice.Explain(what, e.ErrorCode ?? $"status {e.Status}", e.Message), e);
        }
    }

    /// <summary>One change at a time in this process; others elsewhere do the same things by the same ids.</summary>
    private async Task AloneAsync(string runId, CancellationToken cancellation, Func<Task> change)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            await change();
        }
        finally
        {
            gate.Release();
            views.TryRemove(runId, out _);
        }
    }

    [LoggerMessage(4001, LogLevel.Warning, "{What}")]
    private static partial void LogEnded(ILogger log, string what);

    [LoggerMessage(4002, LogLevel.Warning, "{What}")]
    private static partial void LogShunned(ILogger log, string what);
}
