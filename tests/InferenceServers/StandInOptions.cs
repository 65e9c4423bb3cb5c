namespace R1Cloud.InferenceServers;

/// <summary>How a stand-in is started.</summary>
public sealed record StandInOptions
{
    /// <summary>The port; 0 for a free one.</summary>
    public int Port { get; init; }
    /// <summary>float32 or bfloat16.</summary>
    public string Type { get; init; } = "float32";
    /// <summary>What the model is called.</summary>
    public string Name { get; init; } = "policy";
    /// <summary>The key; null for none.</summary>
    public string? Key { get; init; }
    /// <summary>The longest sequence; null for the model's.</summary>
    public int? MaxLength { get; init; }
    /// <summary>Its key for calls that change it, where that is another; null for the same.</summary>
    public string? ControlKey { get; init; }
    /// <summary>What it draws by where requests cannot say.</summary>
    public ulong Seed { get; init; }
    /// <summary>Whether it draws by requests' seeds where it does not of itself.</summary>
    public bool Deterministic { get; init; }
    /// <summary>Replicas.</summary>
    public int Replicas { get; init; } = 1;
    /// <summary>Whether it reads and writes text; tokens are then " t" and their number.</summary>
    public bool HasTokenizer { get; init; }
    /// <summary>The greatest rank of an adapter; null where it takes none.</summary>
    public int? MaxRank { get; init; }
    /// <summary>What the weights are called that it starts with; null for the engine's own word.</summary>
    public string? WeightVersion { get; init; }
    /// <summary>Completions that it decodes at once.</summary>
    public int Concurrency { get; init; } = 256;
    /// <summary>How long it waits for a token before it says that it is not well.</summary>
    public TimeSpan HealthLimit { get; init; } = TimeSpan.FromSeconds(20);
    /// <summary>Ends the process; null where it is not its own: then it only answers no more.</summary>
    public Action? OnDeath { get; init; }
    /// <summary>What goes wrong.</summary>
    public StandInFaults Faults { get; init; } = new();
}
