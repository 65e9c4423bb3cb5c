using Azure;
using Azure.Compute.Batch;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>A worker's tasks in order; the last one is the one that counts.</summary>
internal sealed record WorkerSlot(int Worker, IReadOnlyList<(WorkerTaskId Id, BatchTask Task)> Tasks)
{
    /// <summary>Its last task; null when it never had one.</summary>
    public BatchTask? Last => Tasks.Count > 0 ? Tasks[^1].Task : null;

    /// <summary>The id that its next task gets, the same for every caller.</summary>
    public WorkerTaskId NextId => new(Worker, Tasks.Count > 0 ? Tasks[^1].Id.Number + 1 : 0);
}

/// <summary>What Batch says of a run's workers at one moment.</summary>
internal sealed record BatchState(string JobId, IReadOnlyList<BatchTask> Tasks, IReadOnlyDictionary<string, BatchNode> Nodes,
    BatchPool? Pool)
{
    /// <summary>The workers that ever had a task.</summary>
    public IReadOnlyDictionary<int, WorkerSlot> Slots { get; } = Tasks
        .Select(task => (Known: WorkerTaskId.TryParse(task.Id, out var id), Id: id, Task: task)).Where(item => item.Known)
        .GroupBy(item => item.Id.Worker)
        .ToDictionary(group => group.Key,
            group => new WorkerSlot(group.Key, [.. group.OrderBy(item => item.Id.Number).Select(item => (item.Id, item.Task))]));

    /// <summary>Reads it. A job that does not exist has no tasks; a pool that does not exist is null.</summary>
    public static async Task<BatchState> ReadAsync(BatchClient client, string jobId, string poolId, CancellationToken cancellation)
    {
        var tasks = await ListAsync(
            () => client.GetTasksAsync(jobId, cancellationToken: cancellation), cancellation,
            BatchErrorCode.JobNotFound, BatchErrorCode.JobBeingDeleted);
        var nodes = await ListAsync(
            () => client.GetNodesAsync(poolId, cancellationToken: cancellation), cancellation, BatchErrorCode.PoolNotFound);
        BatchPool? pool = null;
        await BatchCalls.TryAsync(
            async () => pool = (await client.GetPoolAsync(poolId, cancellationToken: cancellation)).Value, BatchErrorCode.PoolNotFound);
        return new(jobId, tasks, nodes.ToDictionary(node => node.Id, StringComparer.Ordinal), pool);
    }

    private static async Task<List<T>> ListAsync<T>(
        Func<AsyncPageable<T>> list, CancellationToken cancellation, params BatchErrorCode[] none)
        where T : notnull
    {
        var items = new List<T>();
        await BatchCalls.TryAsync(
            async () =>
            {
                await foreach (var item in list().WithCancellation(cancellation)) items.Add(item);
                return items;
            },
            none);
        return items;
    }
}
