using R1Cloud.Shared.Memory;

namespace R1Cloud.Pipeline.Plan;

/// <summary>A run's plan: what it will take, before it is launched.</summary>
public sealed record RunPlanEstimate
{
    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }
    /// <summary>The device.</summary>
    public required string Device { get; init; }
    /// <summary>Machines, one worker each.</summary>
    public required int Nodes { get; init; }
    /// <summary>Devices of each that its worker computes on.</summary>
    public int DevicesPerNode { get; init; } = 1;
    /// <summary>The prices' currency.</summary>
    public required string Currency { get; init; }
    /// <summary>The stages in order.</summary>
    public required IReadOnlyList<StagePlan> Stages { get; init; }
    /// <summary>Seconds from start to end, of stages with an estimate.</summary>
    public required double WallSeconds { get; init; }
    /// <summary>Hours in which a device computes.</summary>
    public required double DeviceHours { get; init; }
    /// <summary>Price of all nodes over the wall time.</summary>
    public required double Cost { get; init; }
    /// <summary>Gigabytes (10⁹ bytes) that stay.</summary>
    public required double StorageGigabytes { get; init; }
    /// <summary>Price of keeping them for a month.</summary>
    public required double StorageCostPerMonth { get; init; }
    /// <summary>Stages without an estimate: the sums leave them out.</summary>
    public required IReadOnlyList<string> NoEstimate { get; init; }
    /// <summary>What the figures rest on, in sentences.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }
}

/// <summary>
/// A stage's plan, its evaluation included. Without <see cref="Work"/> there is no estimate, and <see cref="Note"/> says why.
/// </summary>
public sealed record StagePlan
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }
    /// <summary>Parameters of its model.</summary>
    public double? Parameters { get; init; }
    /// <summary>Its work.</summary>
    public StageWork? Work { get; init; }
    /// <summary>The most that it keeps in a device's memory; null where that is not known.</summary>
    public MemoryNeed? Memory { get; init; }
    /// <summary>Hours in which a device computes.</summary>
    public double? DeviceHours { get; init; }
    /// <summary>Seconds from start to end.</summary>
    public double? WallSeconds { get; init; }
    /// <summary>Price of all nodes over the wall time.</summary>
    public double? Cost { get; init; }
    /// <summary>Why there is no estimate.</summary>
    public string? Note { get; init; }
}
