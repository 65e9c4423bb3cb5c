using Azure;
using Azure.Compute.Batch;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>A Batch whose calls wait for their turn where they read or change jobs and tasks.</summary>
/// <param name="inner">What does the work.</param>
/// <param name="step">Waits, given the job that the call is about; whoever gives the call up no longer waits.</param>
internal sealed class SteppedBatch(ScriptedBatch inner, Func<string, Task> step) : BatchClient
{
    public override async Task<Response> CreateJobAsync(
        BatchJobCreateOptions job, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default)
    {
        await step(job.Id).WaitAsync(cancellationToken);
        return await inner.CreateJobAsync(job, cancellationToken: cancellationToken);
    }

    public override async Task<Response> CreateTaskAsync(
        string jobId, BatchTaskCreateOptions task, TimeSpan? timeout = null, DateTimeOffset? requestDate = null,
            CancellationToken cancellationToken = default)
    {
        await step(jobId).WaitAsync(cancellationToken);
        return await inner.CreateTaskAsync(jobId, task, cancellationToken: cancellationToken);
    }

    public override async Task<TerminateJobOperation> TerminateJobAsync(
        WaitUntil waitUntil, string jobId, BatchJobTerminateOptions? parameters = null, TimeSpan? timeOutInSeconds = null,
            DateTimeOffset? ocpDate = null,
        bool? force = null, RequestConditions? requestConditions = null, CancellationToken cancellationToken = default)
    {
        await step(jobId).WaitAsync(cancellationToken);
        return await inner.TerminateJobAsync(waitUntil, jobId, parameters, cancellationToken: cancellationToken);
    }

    public override AsyncPageable<BatchTask> GetTasksAsync(
        string jobId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
        new Stepped<BatchTask>(
            () => step(jobId).WaitAsync(cancellationToken), () => inner.GetTasksAsync(jobId, cancellationToken: cancellationToken));

    public override AsyncPageable<BatchNode> GetNodesAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, int? maxresults = null, string? filter = null,
        IEnumerable<string>? select = null, CancellationToken cancellationToken = default) =>
            inner.GetNodesAsync(poolId, cancellationToken: cancellationToken);

    public override Task<Response<BatchPool>> GetPoolAsync(
        string poolId, TimeSpan? timeout = null, DateTimeOffset? requestDate = null, RequestConditions? requestConditions = null,
        IEnumerable<string>? select = null, IEnumerable<string>? expand = null, CancellationToken cancellationToken = default) =>
        inner.GetPoolAsync(poolId, cancellationToken: cancellationToken);

    private sealed class Stepped<T>(Func<Task> step, Func<AsyncPageable<T>> list) : AsyncPageable<T>
        where T : notnull
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            await step();
            await foreach (var page in list().AsPages(continuationToken, pageSizeHint)) yield return page;
        }
    }
}
