using R1Cloud.Hub;
using R1Cloud.Shared.Recipes.Tasks;

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

    /// <summary>Brings what is on the Hub; by this worker's environment.</summary>
    public IHubReader Hub { get; init; } = HubReader.FromEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>How long a message is hidden when it is taken; once its spec is read, the job's own heartbeat time-out holds.</summary>
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often progress is published.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often finished completions are shown that are not committed.</summary>
    public TimeSpan TailInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the worker reports what it uses of its machine.</summary>
    public TimeSpan ResourceInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where checkpoints are kept on this machine; null where that is not told.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>The numbers of the GPUs that it computes on, as their driver counts them.</summary>
    public IReadOnlyList<int> Gpus { get; init; } = [];

    /// <summary>Shortest wait between two looks at the queue.</summary>
    public TimeSpan PollMin { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest wait between two looks at the queue.</summary>
    public TimeSpan PollMax { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a worker that was told to stop waits for storage that is away, to put its job back.</summary>
    public TimeSpan StopWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Where the supervisor of this process learns of the message at hand; null when there is none. See
    /// <see cref="Shared.Storage.MessageLease"/>.
    /// </summary>
    public string? LeaseFile { get; init; }

    /// <summary>Leaves after so long without a job; null waits for ever.</summary>
    public TimeSpan? IdleLimit { get; init; }
}
