using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Options;

/// <summary>Settings of the pipeline that a host may change.</summary>
public sealed record PipelineOptions
{
    /// <summary>Counts the rows of data sets on this machine; null where the host reads none.</summary>
    public IDatasetReader? Datasets { get; init; }

    /// <summary>Looks up what recipes name on the Hub; null where the host does not, and only commits may be named.</summary>
    public IHubReader? Hub { get; init; }

    /// <summary>How long an orchestration waits for a job's completion message before it looks for the result itself.</summary>
    public TimeSpan JobCheckInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Shortest wait between two looks at the completions queue.</summary>
    public TimeSpan CompletionPollMin { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Longest wait between two looks at the completions queue.</summary>
    public TimeSpan CompletionPollMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often the workers of active runs are seen to.</summary>
    public TimeSpan WorkerCheckInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the look after one run's workers may take; what it leaves is done at the next one.</summary>
    public TimeSpan WorkerCheckLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a server-sent event stream looks for news.</summary>
    public TimeSpan EventPollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence after which a server-sent event stream sends a comment.</summary>
    public TimeSpan EventHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What the host lends to callers.</summary>
    public HostLimits Limits { get; init; } = new();

    /// <summary>The services that recipes may name.</summary>
    public HostServices Services { get; init; } = new();

    /// <summary>After so long an event stream ends; its reader comes back with the last event's id. Null: when the run ends.</summary>
    public TimeSpan? EventStreamLimit { get; init; }

    /// <summary>Largest recipe that the API takes, in bytes.</summary>
    public int MaxRecipeBytes { get; init; } = 1 << 20;

    /// <summary>Whether the workers see the files of the machine that a recipe comes from; else a recipe may name blobs only.</summary>
    public bool LocalFiles { get; init; } = true;

    /// <summary>
    /// With <see cref="LocalFiles"/>: the folders, or single files, that recipes which come over HTTP may name files of; empty for none.
    /// </summary>
    public IReadOnlyList<string> LocalFolders { get; init; } = [];

    /// <summary>Most bytes of local data files that such a recipe may name: they are hashed, and read into memory.</summary>
    public long MaxLocalDataBytes { get; init; } = 16L << 30;

    /// <summary>Most bytes of local model folders that such a recipe may name: they are hashed.</summary>
    public long MaxLocalModelBytes { get; init; } = 1L << 40;

    /// <summary>
    /// How long a look at the content of a recipe's files may take, local ones and those in storage; what was not read by then counts as
    /// unknown, and nothing made of it is reused.
    /// </summary>
    public TimeSpan FilesTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The key that API requests must carry; null asks for none (loopback only).</summary>
    public string? ApiKey { get; init; }

    /// <summary>Price of a worker's hour, for the cost figures.</summary>
    public double PricePerWorkerHour { get; init; }

    /// <summary>The price's currency, ISO 4217.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>
    /// The device, by its name in the price table, that a report's plan is made for; null takes what the recipe's workers ask for.
    /// </summary>
    public string? PlanDevice { get; init; }
}
