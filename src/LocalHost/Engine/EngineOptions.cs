namespace R1Cloud.LocalHost.Engine;

/// <summary>How an <see cref="EmbeddedEngine"/> runs.</summary>
public sealed record EngineOptions
{
    /// <summary>The SQLite database; created when absent, with its folder. Beside it lie the write-ahead log and a lock file.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>Activities that may run at the same time; at least 1.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>Instances whose execution stays in memory between decisions (least recently used go first); at least 0.</summary>
    public int CachedInstances { get; init; } = 1000;

    /// <summary>Forgets every execution after each decision, so that each decision is a full replay. For tests of determinism.</summary>
    public bool ReplayEveryDecision { get; init; }

    /// <summary>How long a stop waits for cancelled activities before it leaves them behind; they run again after the next start.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the engine waits while another program, a backup say, holds its database locked; then it stops.</summary>
    public TimeSpan LockPatience { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The clock of decisions and timers.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Limits the database file, in pages of 4 KiB, so that tests can fill a disk. 0: no limit.</summary>
    internal int MaxDatabasePages { get; init; }

    /// <summary>Instances that may stay in memory, all things considered.</summary>
    internal int EffectiveCache => ReplayEveryDecision ? 0 : CachedInstances;

    /// <summary>These options, checked.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    internal EngineOptions Validated()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(DatabasePath);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrentActivities, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(CachedInstances);
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LockPatience, TimeSpan.Zero);
        return this with { DatabasePath = Path.GetFullPath(DatabasePath) };
    }
}
