namespace R1Cloud.Shared.Jobs;

/// <summary>
/// What a worker uses of its machine: its last words about it, overwritten in place; for eyes only, nothing depends on it.
/// </summary>
[StoredForm(1)]
public sealed record WorkerResources
{
    /// <summary>When that was.</summary>
    public required DateTimeOffset At { get; init; }
    /// <summary>The share of the machine's processors that its process uses, from 0 to 1.</summary>
    public double? Cpu { get; init; }
    /// <summary>Processors that it may use.</summary>
    public int? Threads { get; init; }
    /// <summary>Bytes of memory that its process has.</summary>
    public long? MemoryBytes { get; init; }
    /// <summary>Bytes of memory that it may have: the machine's, or its container's.</summary>
    public long? MemoryLimitBytes { get; init; }
    /// <summary>The GPUs that it computes on; null where there are none, or none that tell.</summary>
    public IReadOnlyList<GpuResources>? Gpus { get; init; }
    /// <summary>Bytes of checkpoints that are kept on its disk.</summary>
    public long? CacheBytes { get; init; }
    /// <summary>Bytes that are free on the disk of its files.</summary>
    public long? DiskFreeBytes { get; init; }
    /// <summary>Seconds that it had a job at hand since it began.</summary>
    public double? WorkingSeconds { get; init; }
    /// <summary>Seconds that it had none since it began.</summary>
    public double? IdleSeconds { get; init; }
    /// <summary>Requests to the storage since it began; null where they are not counted, as with a folder.</summary>
    public long? StorageRequests { get; init; }
    /// <summary>Bytes sent to the storage since it began.</summary>
    public long? SentBytes { get; init; }
    /// <summary>Bytes received from the storage since it began.</summary>
    public long? ReceivedBytes { get; init; }
    /// <summary>The same of the last minutes, the newest last.</summary>
    public ResourceHistory? History { get; init; }
}

/// <summary>A GPU of a worker, with all that use it.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">What it is.</param>
/// <param name="Utilisation">The share of time in which it was busy, from 0 to 1.</param>
/// <param name="MemoryBytes">Bytes of its memory that are in use.</param>
/// <param name="MemoryLimitBytes">Bytes of its memory.</param>
public sealed record GpuResources(int Index, string Name, double Utilisation, long MemoryBytes, long MemoryLimitBytes);

/// <summary>A worker's figures of the last minutes.</summary>
/// <param name="At">When they were taken.</param>
/// <param name="Cpu">As of <see cref="WorkerResources.Cpu"/>.</param>
/// <param name="MemoryBytes">As of <see cref="WorkerResources.MemoryBytes"/>.</param>
/// <param name="Gpu">The mean of its GPUs' utilisation; empty where there are none.</param>
public sealed record ResourceHistory(IReadOnlyList<DateTimeOffset> At, IReadOnlyList<double> Cpu, IReadOnlyList<long> MemoryBytes,
    IReadOnlyList<double> Gpu);
