using System.Collections.Concurrent;
using Azure;
using Azure.Compute.Batch;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>Batch would not do what was asked; the message says what to do.</summary>
public sealed class WorkerPoolException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// A run's workers as tasks of an Azure Batch job on the pool that Bicep made: resident containers that take jobs from the run's queue.
/// There are as many as the queue has jobs, up to the recipe's count; who finds no more work leaves by itself, and the pool's autoscale
/// formula follows.
/// </summary>
/// <remarks>
/// Any number of instances of the app may look after a run at the same time. Every id derives from the run and from what Batch says, so
/// that whoever does something twice does it once; the books are changed by conditional writes; and Batch decides between those who bring
/// workers and those who let them go: an ended job takes no more tasks. A preempted task is put back by Batch; what Batch leaves lying is
/// picked up at the next <see cref="EnsureAsync"/>.
/// </remarks>
public sealed partial class BatchWorkerPool(
    BatchClient client, BatchPoolOptions options, IBlobStore blobs, OpenQueue openQueue, TimeProvider clock,
    ILogger<BatchWorkerPool> log) : IWorkerPool
{
    private const int MaxJobs = 5;

    private readonly ConcurrentDictionary<string, (long At, WorkerPoolView View)> views = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public double? PricePerWorkerHour => Math.Max(options.SpotPricePerHour, options.DedicatedPricePerHour);

    /// <inheritdoc/>
    /// <remarks>Where the run's workers are let go at the same time, they stay gone: whoever still needs them asks again.</remarks>
    public async Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default)
    {
        try
        {
            if (TrainerImage.Problem(options.Image) is { } problem) throw new WorkerPoolException(problem);
            await EnsureJobAsync(runId, workers, cancellation);
        }
        catch (WorkerPoolException e)
        {
            // Shown in the run's status too, not in the app's log alone.
            await ChangeAsync(runId, known => (known ?? new()) with { Error = e.Message }, cancellation);
            throw;
        }
        finally
        {
            views.TryRemove(runId, out _);
        }
    }

    /// <inheritdoc/>
    public int? ThreadsFor(WorkersRecipe workers) => workers.OnGpu() ? null : options.ThreadsFor(workers);

    /// <inheritdoc/>
    public async Task ReleaseAsync(string runId, CancellationToken cancellation = default)
    {
        try
        {
            if (await LedgerAsync(runId, cancellation) is not { } ledger) return;
            if (!ledger.Released)
            {
                var state = await StateAsync(WorkerTasks.JobId(runId, ledger.Generation), cancellation);
                // The wish first: who is just bringing workers sees it when the job takes no more of them.
                ledger = await ChangeAsync(runId, known => Observed(known!, state).Release(), cancellation);
            }
            await EndReleasedAsync(runId, ledger, cancellation);
        }
        finally
        {
            views.TryRemove(runId, out _);
        }
    }

    /// <inheritdoc/>
    public async Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default)
    {
        var now = clock.GetTimestamp();
        if (views.TryGetValue(runId, out var known) && clock.GetElapsedTime(known.At, now) < options.ViewAge) return known.View;
        var view = await ViewAsync(runId, cancellation);
        views[runId] = (now, view);
        return view;
    }

    private async Task EnsureJobAsync(string runId, WorkersRecipe workers, CancellationToken cancellation)
    {
        var ledger = await ChangeAsync(
            runId, known => known switch { null => new(), { Released: true } => known.Next(), _ => known }, cancellation);
        await EndReleasedAsync(runId, ledger, cancellation);
        for (var jobs = 1; ; jobs++)
        {
            var generation = ledger.Generation;
            try
            {
                await SeeToAsync(runId, workers, ledger, cancellation);
                return;
            }
            catch (JobOverException e) when (jobs < MaxJobs)
            {
                // Ended by somebody's hand, or by one who died before it was in the books: the next job takes its place.
                LogOver(log, WorkerTasks.JobId(runId, generation), e.Message);
                ledger = await ChangeAsync(
                    runId, known => known!.Generation == generation && !known.Released ? known.Next() : known, cancellation);
                if (ledger.Released) return;
            }
            catch (JobOverException e)
            {
                throw new WorkerPoolException(
                    $"{MaxJobs} Batch jobs of run '{runId}' ended at once, the last with {e.Message} "
                    + "– see who ends them (portal: Batch account, jobs)", e);
            }
        }
    }

    private async Task SeeToAsync(string runId, WorkersRecipe workers, WorkerLedger ledger, CancellationToken cancellation)
    {
        await TryAsync(
            () => client.CreateJobAsync(WorkerTasks.Job(runId, ledger.Generation, options), cancellationToken: cancellation),
            BatchErrorCode.JobExists);
        var state = await StateAsync(WorkerTasks.JobId(runId, ledger.Generation), cancellation);
        ledger = await ShunBadNodesAsync(runId, state, ledger, cancellation);

        var jobs = await openQueue(BlobLayout.JobQueue(runId)).CountAsync(cancellation);
        var wanted = Math.Clamp(jobs, 1, workers.Count);
        await FillAsync(runId, workers, wanted, state, ledger, cancellation);
        await ChangeAsync(runId, known => Observed(known!, state) with { Asked = wanted, Error = null }, cancellation);
    }

    // Ends the jobs that were let go, which somebody may have left undone.
    private async Task EndReleasedAsync(string runId, WorkerLedger ledger, CancellationToken cancellation)
    {
        foreach (var generation in ledger.Ending)
        {
            await EndJobAsync(runId, generation, cancellation);
            await ChangeAsync(
                runId,
                known => known!.Ending.Contains(generation) ? known with { Ending = [.. known.Ending.Except([generation])] } : known,
                cancellation);
        }
    }

    // Ends a job so that nobody gets workers from it any more. One that nobody has made yet is made first: it cannot be begun later.
    private async Task EndJobAsync(string runId, int generation, CancellationToken cancellation)
    {
        var jobId = WorkerTasks.JobId(runId, generation);
        var why = new BatchJobTerminateOptions { TerminationReason = "released" };
        try
        {
            var isThere = await TryAsync(
                () => client.TerminateJobAsync(WaitUntil.Started, jobId, why, cancellationToken: cancellation), BatchErrorCode.JobNotFound);
            if (isThere) return;
            await TryAsync(
                () => client.CreateJobAsync(WorkerTasks.Job(runId, generation, options), cancellationToken: cancellation),
                BatchErrorCode.JobExists);
            await TryAsync(() => client.TerminateJobAsync(WaitUntil.Started, jobId, why, cancellationToken: cancellation));
        }
        catch (JobOverException)
        {
            // Somebody was quicker.
        }
    }

    private async Task<WorkerPoolView> ViewAsync(string runId, CancellationToken cancellation)
    {
        if (await LedgerAsync(runId, cancellation) is not { } ledger) return WorkerPoolView.None;
        if (ledger is { Released: true, Ending: [] }) return new([], Restarts(ledger), null, ledger.Usage(options));

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
        ledger = Observed(ledger, state);
        var troubles = new WorkerTroubles(client, options);
        return new(
            [.. state.Slots.Values.OrderBy(slot => slot.Worker).Select(slot => View(runId, slot, state))],
            Restarts(ledger),
            ledger.Error ?? await troubles.FindAsync(runId, state, ledger, now, cancellation),
            ledger.Usage(options), WorkerTroubles.IsQuota(state));
    }

    private static WorkerView View(string runId, WorkerSlot slot, BatchState state)
    {
        var (id, task) = slot.Tasks[^1];
        var node = task.NodeInfo?.NodeId;
        var kind = node is not null && state.Nodes.TryGetValue(node, out var known) ? known.IsDedicated == true
            ? " (dedicated)" : " (spot)" : "";
        return new(
            id.Name,
            node is null ? "no node yet" : node + kind,
            task.State == BatchTaskState.Running ? "running" : task.State == BatchTaskState.Completed ? "stopped" : "starting",
            id.Number + slot.Tasks.Sum(item => (item.Task.ExecutionInfo?.RetryCount ?? 0) + (item.Task.ExecutionInfo?.RequeueCount ?? 0)),
            task.ExecutionInfo?.StartTime,
            BlobLayout.WorkerLogs(runId, id.ToString()));
    }

    // Keeps this many workers alive, in the order of their names.
    private async Task FillAsync(
        string runId, WorkersRecipe workers, int wanted, BatchState state, WorkerLedger ledger, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var verdicts = Enumerable.Range(0, workers.Count)
            .Select(worker => state.Slots.GetValueOrDefault(worker) ?? new(worker, []))
            .Select(slot => (Slot: slot, Verdict: WorkerVerdicts.On(slot, state, ledger, options, now))).ToList();
        var living = verdicts.Count(item => item.Verdict == WorkerVerdict.Well);
        foreach (var (slot, verdict) in verdicts)
        {
            if (verdict is WorkerVerdict.Well or WorkerVerdict.Hopeless) continue;
            if (verdict == WorkerVerdict.Stuck) await EndAsync(runId, slot, state, cancellation);
            if (living >= wanted) continue;
            living++;
            await TryAsync(
                () => client.CreateTaskAsync(
                    state.JobId, WorkerTasks.Task(runId, slot.NextId, workers, options), cancellationToken: cancellation),
                BatchErrorCode.TaskExists);
        }
    }

    private async Task EndAsync(string runId, WorkerSlot slot, BatchState state, CancellationToken cancellation)
    {
        var task = slot.Last!;
        var why = $"{slot.NextId.Name} hung in state '{task.State}' on node {task.NodeInfo?.NodeId ?? "(none)"} and was replaced";
        LogEnded(log, why);
        // Recorded first: the next look must not take it for a failure.
        var key = WorkerLedger.Key(state.JobId, task.Id);
        await ChangeAsync(
            runId, known => known! with { Note = why, Ended = new Dictionary<string, string>(known.Ended) { [key] = why } }, cancellation);
        await TryAsync(
            () => client.TerminateTaskAsync(state.JobId, task.Id, cancellationToken: cancellation),
            BatchErrorCode.TaskCompleted, BatchErrorCode.TaskNotFound);
    }

    // A node on which one worker after the other fails gets no more of them.
    private async Task<WorkerLedger> ShunBadNodesAsync(string runId, BatchState state, WorkerLedger ledger, CancellationToken cancellation)
    {
        var failures = state.Tasks.Where(task => WorkerVerdicts.IsFailure(task, state.JobId, ledger) && task.NodeInfo?.NodeId is not null)
            .GroupBy(task => task.NodeInfo!.NodeId!);
        foreach (var node in failures.Where(group => group.Count() >= options.MaxNodeFailures).Select(group => group.Key))
        {
            if (ledger.BadNodes.Contains(node) || !state.Nodes.ContainsKey(node)) continue;
            var note = $"node {node} failed {options.MaxNodeFailures} workers and gets no more – it leaves the pool when nobody waits for "
                + $"one: if the pool has no room for another, pause the run until it is gone";
            LogShunned(log, note);
            // An autoscale pool lets nobody remove a node. One that is off already, or on its way, needs nothing.
            await TryAsync(
                () => client.DisableNodeSchedulingAsync(options.PoolId, node, cancellationToken: cancellation),
                BatchErrorCode.NodeNotFound, BatchErrorCode.NodeAlreadyInTargetSchedulingState, BatchErrorCode.NodeStateUnusable,
                    BatchErrorCode.OperationInvalidForCurrentState);
            ledger = await ChangeAsync(
                runId, known => known! with { BadNodes = [.. known.BadNodes.Union([node])], Note = note }, cancellation);
        }
        return ledger;
    }

    private static int Restarts(WorkerLedger ledger) => ledger.Tasks.Values.Sum(task => task.Retries + task.Requeues);

    private Task<WorkerLedger?> LedgerAsync(string runId, CancellationToken cancellation) =>
        blobs.TryReadJsonAsync<WorkerLedger>(BlobLayout.WorkerLedger(runId), cancellation);

    private Task<WorkerLedger> ChangeAsync(string runId, Func<WorkerLedger?, WorkerLedger> change, CancellationToken cancellation) =>
        blobs.ChangeJsonAsync(BlobLayout.WorkerLedger(runId), change, cancellation);

    private WorkerLedger Observed(WorkerLedger ledger, BatchState state) =>
        ledger.Observe(state.JobId, state.Tasks, state.Nodes, clock.GetUtcNow());

    private Task<BatchState> StateAsync(string jobId, CancellationToken cancellation) =>
        BatchCalls.ExplainAsync($"Batch job '{jobId}'", () => BatchState.ReadAsync(client, jobId, options.PoolId, cancellation));

    private static Task<bool> TryAsync<T>(Func<Task<T>> call, params BatchErrorCode[] fine) =>
        BatchCalls.ExplainAsync("Azure Batch refuses", () => BatchCalls.TryAsync(call, fine));

    [LoggerMessage(4001, LogLevel.Warning, "{What}")]
    private static partial void LogEnded(ILogger log, string what);

    [LoggerMessage(4002, LogLevel.Warning, "{What}")]
    private static partial void LogShunned(ILogger log, string what);

    [LoggerMessage(4003, LogLevel.Warning, "Batch job {Job} takes no more workers ({Code}); the run's workers go on in another job")]
    private static partial void LogOver(ILogger log, string job, string code);
}
