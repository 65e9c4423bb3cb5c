namespace R1Cloud.InferenceServers;

/// <summary>What goes wrong, each as it was seen of a real server.</summary>
public sealed record StandInFaults
{
    /// <summary>Of a tied model the head stays as it was at the start, whatever is loaded.</summary>
    public bool StaleHead { get; init; }
    /// <summary>Layers are held in packed form, of which digests tell nothing.</summary>
    public bool PacksLayers { get; init; }
    /// <summary>There is no tokenizer, so that ids beyond the vocabulary reach the engine and kill it.</summary>
    public bool SkipsTokenizer { get; init; }
    /// <summary>After so many completions nothing is answered any more, while health stays well; null for never.</summary>
    public int? HangsAfter { get; init; }
    /// <summary>After so many completions the process dies, and leaves a child behind; null for never.</summary>
    public int? DiesAfter { get; init; }
    /// <summary>After so many completions one is ended half-way; null for never.</summary>
    public int? AbortsAfter { get; init; }
    /// <summary>The version that completions name does not follow the weights.</summary>
    public bool KeepsVersion { get; init; }
    /// <summary>What is added to each log-probability that is told of drawn tokens.</summary>
    public float Bias { get; init; }
    /// <summary>What is added to each log-probability that is told of a prompt's tokens.</summary>
    public float ScoreBias { get; init; }
    /// <summary>Milliseconds that completions of a prompt wait whose last id is even: the slow ones.</summary>
    public int SlowMilliseconds { get; init; }
}
