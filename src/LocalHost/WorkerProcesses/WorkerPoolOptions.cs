using R1Cloud.Shared.Recipes;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>How worker processes are started and stopped.</summary>
internal sealed record WorkerPoolOptions
{
    /// <summary>The trainer.</summary>
    public required WorkerCommand Command { get; init; }

    /// <summary>
    /// The storage that workers use; handed over in <see cref="Shared.Storage.StorageConnection.Variable"/>, never on a command line that
    /// others can read.
    /// </summary>
    public required string Storage { get; init; }

    /// <summary>Where a worker's output goes, by run and worker.</summary>
    public required Func<string, string, string> LogFile { get; init; }

    /// <summary>Where a worker tells which message it holds, by run and worker; null leaves a dead worker's job to its heartbeat.</summary>
    public Func<string, string, string>? LeaseFile { get; init; }

    /// <summary>The checkpoint cache that this machine's workers share; null leaves it to them.</summary>
    public string? Cache { get; init; }

    /// <summary>Workers a run, whatever its recipe asks for; null leaves it to the recipe.</summary>
    public int? Count { get; init; }

    /// <summary>The GPUs, one a worker; null leaves the device to the recipe.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }

    /// <summary>The cores to share out.</summary>
    public int Cores { get; init; } = Environment.ProcessorCount;

    /// <summary>How long a worker may save after the stop signal before it is killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The wait before the first restart after a failure; doubles with each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest wait before a restart.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A worker that lived this long was well: the waits begin again.</summary>
    public TimeSpan WellAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>So many deaths in a row, each soon after the start, mean that workers cannot start here at all.</summary>
    public int BrokenAfter { get; init; } = 5;

    /// <summary>How many workers a run gets.</summary>
    public int CountFor(WorkersRecipe workers) => Math.Max(1, Gpus?.Count ?? Count ?? workers.Count);

    /// <summary>Where a worker computes.</summary>
    /// <param name="workers">The recipe's wish.</param>
    /// <param name="index">The worker, from 0.</param>
    public string DeviceFor(WorkersRecipe workers, int index) => Gpus is null ? workers.Device : GpuList.Device(Gpus[index]);

    /// <summary>CPU threads a worker: the recipe's, or an equal share of the cores.</summary>
    public int ThreadsFor(WorkersRecipe workers) => workers.Threads > 0 ? workers.Threads : Math.Max(1, Cores / CountFor(workers));

    /// <summary>The same where results depend on it; null where GPUs compute.</summary>
    public int? ComputingThreadsFor(WorkersRecipe workers) => Gpus is null && !workers.OnGpu() ? ThreadsFor(workers) : null;

    /// <summary>The wait after a number of failures in a row.</summary>
    public TimeSpan DelayAfter(int failures) =>
        failures <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << Math.Min(failures - 1, 20)));
}
