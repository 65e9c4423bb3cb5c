using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>For an app without a Batch pool (<c>func start</c> on a laptop): says how to start a worker by hand.</summary>
internal sealed class ManualWorkerPool : IWorkerPool
{
    /// <inheritdoc/>
    public Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task ReleaseAsync(string runId, CancellationToken cancellation = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public int? ThreadsFor(WorkersRecipe workers) => workers is { Threads: > 0 and var threads } && !workers.OnGpu() ? threads : null;

    /// <inheritdoc/>
    public Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default) => Task.FromResult(new WorkerPoolView(
        [], LastError: $"No Batch pool is configured (R1_BATCH_ENDPOINT): start workers yourself with R1_STORAGE=… gpujob work "
            + $"--run {runId} --worker worker-0"));
}
