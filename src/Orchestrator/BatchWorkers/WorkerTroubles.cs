using System.Globalization;
using Azure;
using Azure.Compute.Batch;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>Finds what keeps a run's workers from working, the deepest cause first, with the advice what to do.</summary>
internal sealed class WorkerTroubles(BatchClient client, BatchPoolOptions options)
{
    private const int LastWords = 400;

    /// <summary>The trouble in a sentence; null when all is well.</summary>
    public async Task<string?> FindAsync(string runId, BatchState state, WorkerLedger ledger, DateTimeOffset now,
        CancellationToken cancellation) =>
        OfPool(state) ?? OfNodes(state)
        ?? await OfTasksAsync(runId, state, ledger, now, cancellation) ?? OfQueue(state, now) ?? ledger.Note;

    /// <summary>Whether somebody waits for nodes that a quota does not give.</summary>
    public static bool IsQuota(BatchState state) => state.Tasks.Any(task => task.State == BatchTaskState.Active)
        && state.Pool?.ResizeErrors?.Any(error => error.Code?.Contains("Quota", StringComparison.OrdinalIgnoreCase) == true) == true;

    // The pool cannot grow, and somebody waits for it.
    private string? OfPool(BatchState state)
    {
        if (state.Pool is not { } pool)
            return BatchAdvice.Explain($"pool '{options.PoolId}'", BatchErrorCode.PoolNotFound.ToString(), null);
        if (state.Tasks.All(task => task.State != BatchTaskState.Active)) return null;
        if (pool.AutoScaleRun?.Error is { } scale)
            return BatchAdvice.Explain($"pool '{pool.Id}' cannot scale", "AutoScale " + scale.Code, scale.Message);
        return pool.ResizeErrors is [var first, ..]
            ? BatchAdvice.Explain($"pool '{pool.Id}' cannot grow", first.Code, first.Message) : null;
    }

    // Nodes came but are no good, and somebody waits for one.
    private static string? OfNodes(BatchState state)
    {
        if (state.Tasks.All(task => task.State != BatchTaskState.Active)) return null;
        foreach (var node in state.Nodes.Values)
        {
            if (node.State == BatchNodeState.StartTaskFailed)
            {
                var failure = node.StartTaskInfo?.FailureInfo;
                return BatchAdvice.Explain($"node {node.Id}",
                    failure?.Code is { } code && code.Contains("Image", StringComparison.OrdinalIgnoreCase) ? code : "StartTaskFailed",
                    failure?.Message ?? $"exit code {node.StartTaskInfo?.ExitCode}");
            }
            if (node.State == BatchNodeState.Unusable)
                return BatchAdvice.Explain($"node {node.Id} is unusable", node.Errors is [var error, ..] ? error.Code : "Unusable",
                    node.Errors is [var first, ..] ? first.Message : null);
        }
        return null;
    }

    // A worker's last task failed.
    private async Task<string?> OfTasksAsync(
        string runId, BatchState state, WorkerLedger ledger, DateTimeOffset now, CancellationToken cancellation)
    {
        var failed = state.Slots.Values.Where(slot => slot.Last is { } task && WorkerVerdicts.IsFailure(task, state.JobId, ledger))
            .MaxBy(slot => slot.Last!.ExecutionInfo?.EndTime);
        if (failed?.Last is not { } last) return null;
        var node = last.NodeInfo?.NodeId is { } id ? $" on node {id}" : "";
        if (last.ExecutionInfo is { ExitCode: null, FailureInfo: { } cause })
            return BatchAdvice.Explain($"{last.Id}{node} did not start", cause.Code, cause.Message);

        var code = last.ExecutionInfo?.ExitCode;
        var words = await StandardErrorAsync(state.JobId, last.Id, cancellation);
        var advice = code switch
        {
            ExitCodes.BadInput => "what it was given is wrong; trying again would not mend it",
            ExitCodes.Outdated => "it cannot read the run's jobs: set the trainer's image to the orchestrator's version",
            137 => "killed: most likely out of memory; choose a larger vmSize or smaller batches",
            _ => $"its output is in {BlobLayout.WorkerLogs(runId, last.Id)}",
        };
        var suffix = WorkerVerdicts.On(failed, state, ledger, options, now) == WorkerVerdict.Hopeless
            ? "; it is not started again until the run is paused and resumed" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{last.Id}{node} ended with exit code {code}{(words is null ? "" : $": {words}")} – {advice}{suffix}");
    }

    private string? OfQueue(BatchState state, DateTimeOffset now)
    {
        var waiting = state.Tasks.Where(task => task.State == BatchTaskState.Active).MinBy(task => task.StateTransitionTime);
        if (waiting is null || Instants.Between(waiting.StateTransitionTime, now) is var wait && wait < options.QueuedLimit) return null;
        var pool = state.Pool!;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{waiting.Id} has waited {wait.TotalMinutes:0} minutes for a node; pool '{pool.Id}' has {pool.CurrentLowPriorityNodes} of {pool.TargetLowPriorityNodes} spot and {pool.CurrentDedicatedNodes} of {pool.TargetDedicatedNodes} dedicated nodes – the region may be short of them: wait, choose another vmSize or region, or allow dedicated nodes");
    }

    // The end of what a worker said, and no more: its output may be large, and it is asked for at every look.
    private async Task<string?> StandardErrorAsync(string jobId, string taskId, CancellationToken cancellation)
    {
        const string File = "stderr.txt";
        try
        {
            var properties = await client.GetTaskFilePropertiesAsync(jobId, taskId, File, cancellationToken: cancellation);
            var length = properties.GetRawResponse().Headers.ContentLengthLong ?? 0;
            if (length == 0) return null;
            var first = Math.Max(0, length - LastWords * 4); // no letter takes more bytes
            var range = string.Create(CultureInfo.InvariantCulture, $"bytes={first}-{length - 1}");
            var end = await client.GetTaskFileAsync(jobId, taskId, File, ocpRange: range, cancellationToken: cancellation);
            var text = end.Value.ToString().Trim().TrimStart('\uFFFD');
            return text.Length == 0 ? null : text.Length > LastWords || first > 0 ? "…" + text[^Math.Min(LastWords, text.Length)..] : text;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409)
        {
            return null; // The node is gone, and its files with it.
        }
    }
}
