using Azure.Compute.Batch;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>Another instance makes each task just before this one does.</summary>
internal sealed class RacingBatch(ScriptedBatch inner) : BatchClient
{
    public int Refused { get; private set; }

    public override Task<Azure.Response> CreateJobAsync(BatchJobCreateOptions job, TimeSpan? timeout = null,
        DateTimeOffset? requestDate = null, CancellationToken cancellationToken = default) =>
        inner.CreateJobAsync(job, cancellationToken: cancellationToken);

    public override async Task<Azure.Response> CreateTaskAsync(
        string jobId, BatchTaskCreateOptions task, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default)
    {
        await inner.CreateTaskAsync(jobId, task, cancellationToken: cancellationToken);
        Refused++;
        return await inner.CreateTaskAsync(jobId, task, cancellationToken: cancellationToken);
    }

    public override Azure.AsyncPageable<BatchTask> GetTasksAsync(
        string jobId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
            inner.GetTasksAsync(jobId, cancellationToken: cancellationToken);

    public override Azure.AsyncPageable<BatchNode> GetNodesAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, CancellationToken cancellationToken = default) =>
            inner.GetNodesAsync(poolId, cancellationToken: cancellationToken);

    public override Task<Azure.Response<BatchPool>> GetPoolAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, Azure.RequestConditions? requestConditions = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
        inner.GetPoolAsync(poolId, cancellationToken: cancellationToken);
}
