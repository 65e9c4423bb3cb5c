using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Workers;

/// <summary>The machines or processes that execute a run's jobs: worker processes locally, an Azure Batch pool in the cloud.</summary>
public interface IWorkerPool
{
    /// <summary>
    /// Sees to it that the run has its workers; does nothing when it has. A worker that ends by itself is started again by the pool.
    /// </summary>
    Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default);

    /// <summary>Stops the run's workers after letting them save; does nothing when there are none.</summary>
    Task ReleaseAsync(string runId, CancellationToken cancellation = default);

    /// <summary>
    /// The CPU threads that each worker of a new run computes with: the recipe's, or what the pool gives by default. The last bits of a
    /// result depend on them. Null where they do not (a GPU computes) and where the pool cannot know (people start its workers).
    /// </summary>
    int? ThreadsFor(WorkersRecipe workers);

    /// <summary>
    /// Price of a worker's hour, of several the highest, for what is not yet used; null leaves it to the host's settings.
    /// </summary>
    double? PricePerWorkerHour => null;

    /// <summary>The run's workers, for display.</summary>
    Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default);
}

/// <summary>A run's workers as people see them.</summary>
/// <param name="Workers">The workers.</param>
/// <param name="Restarts">How often any of them was started again.</param>
/// <param name="LastError">The last thing that went wrong with one of them, and what to do about it.</param>
/// <param name="Usage">What they used so far, where the pool keeps books; null leaves it to an estimate.</param>
/// <param name="WaitsForQuota">Whether the pool cannot give the run workers because a quota is used up.</param>
public sealed record WorkerPoolView(IReadOnlyList<WorkerView> Workers, int Restarts = 0, string? LastError = null,
    WorkerUsage? Usage = null, bool WaitsForQuota = false)
{
    /// <summary>No workers.</summary>
    public static WorkerPoolView None { get; } = new([]);
}

/// <summary>What a run's workers used, over all of its life.</summary>
/// <param name="SpotSeconds">Seconds on nodes that may be preempted.</param>
/// <param name="DedicatedSeconds">Seconds on other nodes.</param>
/// <param name="Amount">Both at their prices.</param>
/// <param name="Retries">Attempts begun again after a failure.</param>
/// <param name="Requeues">Attempts begun again because a node went away; they count against nothing.</param>
/// <param name="OwnMachine">Whether the nodes are the machine that the host runs on.</param>
public sealed record WorkerUsage(double SpotSeconds, double DedicatedSeconds, double Amount, int Retries, int Requeues,
    bool OwnMachine = false);

/// <summary>One worker as people see it.</summary>
/// <param name="Name">Its name within the run.</param>
/// <param name="Location">Where it is: a process id or a node's name.</param>
/// <param name="State">What it does: <c>starting</c>, <c>running</c>, <c>stopping</c> or <c>stopped</c>.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="StartedAt">When it was last started.</param>
/// <param name="Log">Where its output is kept, if it is: a blob's path or a file.</param>
public sealed record WorkerView(string Name, string Location, string State, int Restarts, DateTimeOffset? StartedAt = null,
    string? Log = null);
