using System.Globalization;
using Microsoft.Extensions.Configuration;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>Where workers run, and what they may cost. The settings' names are those in infra/modules/functions.bicep.</summary>
public sealed record BatchPoolOptions
{
    private const string InsightsSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string InsightsIdentitySetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    // A worker writes into its task's folder, which Batch mounts, and into /tmp; it needs no right of the system's, and can get none.
    // Processes of an engine that computes one model on several GPUs hand data over in shared memory; its size is a limit.
    private static string ContainerOptionsOf(int gpus) =>
        string.Create(CultureInfo.InvariantCulture, $"--rm --init --stop-timeout 60 --shm-size {(gpus > 1 ? 8 * gpus : 1)}g --cap-drop ALL")
        + " --security-opt no-new-privileges --read-only --tmpfs /tmp:rw,nosuid,nodev,size=1g,mode=1777";

    /// <summary>The pool that Bicep made.</summary>
    public required string PoolId { get; init; }

    /// <summary>The trainer's image, by digest. The pool's own settings say how its nodes sign in to the registry.</summary>
    public required string Image { get; init; }

    /// <summary>The blob service's URL, handed to workers.</summary>
    public required string Storage { get; init; }

    /// <summary>Resource id of the identity on the pool's nodes: it uploads the logs.</summary>
    public required string IdentityResourceId { get; init; }

    /// <summary>Client id of that identity: the worker signs in to storage with it.</summary>
    public required string IdentityClientId { get; init; }

    /// <summary>CPU threads a worker where the recipe names none.</summary>
    public int ThreadsPerWorker { get; init; } = 4;

    /// <summary>CPU threads a worker: the recipe's, or the pool's.</summary>
    public int ThreadsFor(WorkersRecipe workers) => workers.Threads > 0 ? workers.Threads : ThreadsPerWorker;

    /// <summary>Price of a spot node's hour.</summary>
    public double SpotPricePerHour { get; init; }

    /// <summary>Price of a dedicated node's hour.</summary>
    public double DedicatedPricePerHour { get; init; }

    /// <summary>
    /// A worker without a job for so long leaves, and its node with it. Longer than an update takes, or the next rollouts wait for nodes.
    /// </summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often Batch itself starts a failed worker again, on the same node, before the pool looks at it.</summary>
    public int TaskRetries { get; init; } = 2;

    /// <summary>After this many permanent failures in a row of one worker's tasks it is given up.</summary>
    public int MaxFailures { get; init; } = 6;

    /// <summary>So many failed worker tasks on a node, and it gets no more.</summary>
    public int MaxNodeFailures { get; init; } = 3;

    /// <summary>A worker that waits for a node for so long is stuck.</summary>
    public TimeSpan QueuedLimit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>A worker whose container is not up after so long is stuck: longer than the image takes to pull.</summary>
    public TimeSpan PreparingLimit { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>The longest that one worker task may run; then it is started again.</summary>
    public TimeSpan MaxRunTime { get; init; } = TimeSpan.FromDays(6);

    /// <summary>
    /// How Docker runs the worker's container. <c>--stop-timeout</c>: the seconds that it may take to save once told to stop. The GPU comes
    /// without <c>--gpus</c>.
    /// </summary>
    public string ContainerOptions { get; init; } = ContainerOptionsOf(1);

    /// <summary>The variables that tell workers where telemetry goes; empty when the app's goes nowhere.</summary>
    public IReadOnlyDictionary<string, string> Telemetry { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What workers are told of the Hub: the app's own settings, and a cache in the task's folder, as there is no other place for files.
    /// </summary>
    public IReadOnlyDictionary<string, string> Hub { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a view of the workers is good enough for the next who asks.</summary>
    public TimeSpan ViewAge { get; init; } = TimeSpan.FromSeconds(10);

    private static Dictionary<string, string> HubOf(IConfiguration settings)
    {
        var told = HubSettings.Variables.Concat(HubSettings.TokenVariables).Where(name => settings[name] is { Length: > 0 })
            .ToDictionary(name => name, name => settings[name]!);
        told.TryAdd("HF_HOME", "$AZ_BATCH_TASK_WORKING_DIR/huggingface");
        return told;
    }

    /// <summary>Reads the app's settings.</summary>
    /// <exception cref="InvalidOperationException">One is missing.</exception>
    public static BatchPoolOptions Read(IConfiguration settings)
    {
        return new()
        {
            PoolId = Required("R1_BATCH_POOL"),
            Image = Required("R1_IMAGE"),
            Storage = Required("R1_STORAGE"),
            IdentityResourceId = Required("R1_WORKER_IDENTITY"),
            IdentityClientId = Required("R1_WORKER_CLIENT_ID"),
            ContainerOptions = settings["R1_CONTAINER_OPTIONS"] is { Length: > 0 } container
                ? container : ContainerOptionsOf(settings.GetValue("R1_GPUS_PER_NODE", 1)),
            Telemetry = TelemetryOf(settings),
            Hub = HubOf(settings),
            ThreadsPerWorker = settings.GetValue("R1_WORKER_THREADS", 4),
            SpotPricePerHour = settings.GetValue("R1_PRICE_SPOT", 0.0),
            DedicatedPricePerHour = settings.GetValue("R1_PRICE_DEDICATED", 0.0),
        };

        static Dictionary<string, string> TelemetryOf(IConfiguration settings)
        {
            var variables = settings.AsEnumerable().Where(setting => setting.Key.StartsWith("OTEL_", StringComparison.Ordinal)
                    && setting.Key != "OTEL_SERVICE_NAME" && !string.IsNullOrEmpty(setting.Value))
                .ToDictionary(setting => setting.Key, setting => setting.Value!, StringComparer.Ordinal);
            if (settings[InsightsSetting] is { Length: > 0 } insights)
            {
                variables[InsightsSetting] = insights;
                if (settings[InsightsIdentitySetting] is { Length: > 0 })
                    variables[InsightsIdentitySetting] = $"Authorization=AAD;ClientId={settings["R1_WORKER_CLIENT_ID"]}";
            }
            return variables;
        }

        string Required(string name) => settings[name] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"The setting {name} is missing; infra/modules/functions.bicep sets it where the Batch pool is used.");
    }
}
