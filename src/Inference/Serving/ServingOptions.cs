namespace R1Cloud.Inference.Serving;

/// <summary>How engines are asked and watched.</summary>
public sealed record ServingOptions
{
    /// <summary>Completions that a server decodes at once, at most.</summary>
    public int Concurrency { get; init; } = 256;
    /// <summary>How long a server that has something to do may make no token and give no answer before it counts as hung.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(120);
    /// <summary>How often its progress is looked at.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>How long a server that others started and that has gone is waited for.</summary>
    public TimeSpan ReturnLimit { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>How often it is looked for meanwhile.</summary>
    public TimeSpan ReturnInterval { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>How often a server is brought back during one call.</summary>
    public int MostReturns { get; init; } = 3;
}
