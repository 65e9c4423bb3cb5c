namespace R1Cloud.GpuJob.Work;

/// <summary>How a worker behaves.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The run whose jobs it takes.</summary>
    public required string RunId { get; init; }

    /// <summary>Its name within the run.</summary>
    public required string Name { get; init; }

    /// <summary>Where attempts keep their files while they run.</summary>
    public required string ScratchFolder { get; init; }

    /// <summary>How long a message is hidden when it is taken; once its spec is read, the job's own heartbeat time-out holds.</summary>
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often progress is published.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Shortest wait between two looks at the queue.</summary>
    public TimeSpan PollMin { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest wait between two looks at the queue.</summary>
    public TimeSpan PollMax { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a worker that was told to stop waits for storage that is away, to put its job back.</summary>
    public TimeSpan StopWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Where the message at hand is told to who supervises this process; null when nobody does. See
    /// <see cref="Shared.Storage.MessageLease"/>.
    /// </summary>
    public string? LeaseFile { get; init; }

    /// <summary>Leaves after so long without a job; null waits for ever.</summary>
    public TimeSpan? IdleLimit { get; init; }
}
