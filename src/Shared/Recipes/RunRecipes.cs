using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>The workers that a run asks for.</summary>
public sealed record WorkersRecipe
{
    /// <summary>Workers at once.</summary>
    [Bounds(Min = 1, Max = 1000)]
    public int Count { get; init; } = 1;

    /// <summary>
    /// CPU threads a worker; 0 takes what the machine gives when the run is created: its cores, shared among the workers.
    /// </summary>
    [Bounds(Min = 0, Max = 1024)]
    public int Threads { get; init; }

    /// <summary>
    /// Where a worker computes: cuda is all GPUs of its machine, and so is auto where there are any; cuda:N one, cuda:0,cuda:1 several.
    /// </summary>
    [Device]
    public string Device { get; init; } = "auto";

    /// <summary>
    /// Devices that the layers of each model are spread over, where it does not fit on one: a worker's devices then are so many times fewer
    /// replicas. Must divide their number.
    /// </summary>
    [Bounds(Min = 1, Max = 64)]
    public int DevicesPerReplica { get; init; } = 1;

    /// <summary>Whether resumed runs must end with bitwise the same weights.</summary>
    public bool Deterministic { get; init; } = true;

    /// <summary>Whether they are told to compute on a GPU: results do not depend on <see cref="Threads"/> then.</summary>
    public bool OnGpu() => Device.StartsWith("cuda", StringComparison.Ordinal);
}

/// <summary>How failing jobs are treated.</summary>
public sealed record JobsRecipe
{
    /// <summary>Attempts in all of a job whose attempts fail. Preemptions do not count.</summary>
    [Bounds(Min = 1, Max = 100)]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Times a job may lose its worker without a word (crash, out of memory, lost node) before it is given up.</summary>
    [Bounds(Min = 0, Max = 1000)]
    public int MaxLost { get; init; } = 8;

    /// <summary>Seconds before a failed attempt is tried again; doubles each time.</summary>
    [Bounds(Min = 0, Max = 3600)]
    public double RetryDelaySeconds { get; init; } = 2;

    /// <summary>Seconds after which a job without a sign of life goes to another worker.</summary>
    [Bounds(Min = 1, Max = 86_400)]
    public int HeartbeatTimeoutSeconds { get; init; } = 60;

    /// <summary>
    /// Seconds for which jobs and the orchestration wait for storage that is away; nothing is counted as a failure meanwhile.
    /// </summary>
    [Bounds(Min = 0, Max = 86_400)]
    public int StorageWaitSeconds { get; init; } = 1800;
}
