using System.Globalization;
using Azure.Compute.Batch;
using Azure.Core;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>A worker's name and which of its tasks it is: <c>worker-0-2</c> is the third task of <c>worker-0</c>.</summary>
internal readonly record struct WorkerTaskId(int Worker, int Number)
{
    /// <summary>The worker's name within the run.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"worker-{Worker}");

    /// <summary>Reads a task's id.</summary>
    public static bool TryParse(string id, out WorkerTaskId parsed)
    {
        parsed = default;
        if (id.Split('-') is not ["worker", var worker, var number]) return false;
        if (!int.TryParse(worker, NumberStyles.None, CultureInfo.InvariantCulture, out var w)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
            return false;
        parsed = new(w, n);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"worker-{Worker}-{Number}");
}

/// <summary>Worker tasks as Batch gets them: the trainer's container, its loop, nothing secret.</summary>
internal static class WorkerTasks
{
    /// <summary>A run's Batch job; each release of its workers ends one, and the next begins another.</summary>
    public static string JobId(string runId, int generation) => string.Create(CultureInfo.InvariantCulture, $"r1-{runId}-{generation}");

    /// <summary>The job. It stays open when its tasks are done: workers come and go.</summary>
    public static BatchJobCreateOptions Job(string runId, int generation, BatchPoolOptions options) =>
        new(JobId(runId, generation), new BatchPoolInfo { PoolId = options.PoolId })
    {
        AllTasksCompleteMode = BatchAllTasksCompleteMode.NoAction,
        TaskFailureMode = BatchTaskFailureMode.NoAction,
        Metadata = { new BatchMetadataItem("run", runId) },
    };

    /// <summary>A worker's task.</summary>
    public static BatchTaskCreateOptions Task(string runId, WorkerTaskId id, WorkersRecipe workers, BatchPoolOptions options)
    {
        var identity = new BatchNodeIdentityReference { ResourceId = new ResourceIdentifier(options.IdentityResourceId) };
        var task = new BatchTaskCreateOptions(id.ToString(), CommandLine(runId, id, workers, options))
        {
            ContainerSettings = new BatchTaskContainerSettings(options.Image)
            {
                ContainerRunOptions = options.ContainerOptions,
                WorkingDirectory = ContainerWorkingDirectory.ContainerImageDefault,
            },
            // Preemptions are not retries: Batch puts a preempted task back whatever this says.
            Constraints = new BatchTaskConstraints { MaxTaskRetryCount = options.TaskRetries, MaxWallClockTime = options.MaxRunTime,
                RetentionTime = TimeSpan.FromDays(2) },
            EnvironmentSettings =
            {
                new EnvironmentSetting(StorageConnection.Variable) { Value = options.Storage },
                new EnvironmentSetting("AZURE_CLIENT_ID") { Value = options.IdentityClientId },
            },
            OutputFiles =
            {
                new OutputFile(
                    "../std*.txt",
                    new OutputFileDestination
                    {
                        Container = new OutputFileBlobContainerDestination(
                            new Uri($"{options.Storage.TrimEnd('/')}/{BlobLayout.Container}"))
                        {
                            Path = BlobLayout.WorkerLogs(runId, id.ToString()).TrimEnd('/'), IdentityReference = identity,
                        },
                    },
                    new OutputFileUploadConfig(OutputFileUploadCondition.TaskCompletion)),
            },
        };
        foreach (var (name, value) in options.Telemetry) task.EnvironmentSettings.Add(new EnvironmentSetting(name) { Value = value });
        foreach (var (name, value) in options.Hub) task.EnvironmentSettings.Add(new EnvironmentSetting(name) { Value = value });
        return task;
    }

    // The arguments of the image's entry point.
    private static string CommandLine(string runId, WorkerTaskId id, WorkersRecipe workers, BatchPoolOptions options)
    {
        List<FormattableString> arguments =
        [
            $"work --run {runId} --worker {id.Name} --threads {options.ThreadsFor(workers)} --device {workers.Device}",
            $"--idle-limit {options.IdleLimit.TotalSeconds:0}",
        ];
        if (!workers.Deterministic) arguments.Add($"--fast");
        if (workers.DevicesPerReplica > 1) arguments.Add($"--devices-per-replica {workers.DevicesPerReplica}");
        return string.Join(' ', arguments.Select(FormattableString.Invariant));
    }
}
