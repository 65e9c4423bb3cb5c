using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Workers;

/// <summary>The machines or processes that execute a run's jobs: worker processes locally, an Azure Batch pool in the cloud.</summary>
public interface IWorkerPool
{
    /// <summary>Sees to it that the run has its workers; does nothing when it has. A worker that ends by itself is started again by the pool.</summary>
    Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default);

    /// <summary>Stops the run's workers after letting them save; does nothing when there are none.</summary>
    Task ReleaseAsync(string runId, CancellationToken cancellation = default);

    /// <summary>The run's workers, for display.</summary>
    Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default);
}

/// <summary>A run's workers as people see them.</summary>
/// <param name="Workers">The workers.</param>
/// <param name="Restarts">How often any of them was started again.</param>
/// <param name="LastError">The last thing that went wrong with one of them.</param>
public sealed record WorkerPoolView(IReadOnlyList<WorkerView> Workers, int Restarts = 0, string? LastError = null)
{
    /// <summary>No workers.</summary>
    public static WorkerPoolView None { get; } = new([]);
}

/// <summary>One worker as people see it.</summary>
/// <param name="Name">Its name within the run.</param>
/// <param name="Location">Where it is: a process id or a node's name.</param>
/// <param name="State">What it does: <c>starting</c>, <c>running</c>, <c>stopping</c> or <c>stopped</c>.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="StartedAt">When it was last started.</param>
public sealed record WorkerView(string Name, string Location, string State, int Restarts, DateTimeOffset? StartedAt = null);
