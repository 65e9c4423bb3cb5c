namespace R1Cloud.LocalHost.Torture;

/// <summary>What a torture is to do.</summary>
internal sealed record TortureOptions
{
    /// <summary>What <c>r1</c> is started with.</summary>
    public required IReadOnlyList<string> Program { get; init; }

    /// <summary>The arguments of <c>up</c>: the recipe, and what is set over it.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Where the runs' data goes; what is there of earlier runs is removed.</summary>
    public required string Folder { get; init; }

    /// <summary>Azurite's package.</summary>
    public required string Azurite { get; init; }

    /// <summary>How often to strike.</summary>
    public required int Kills { get; init; }

    /// <summary>How many faults of storage are to happen.</summary>
    public required int Faults { get; init; }

    /// <summary>Decides when, whom and how.</summary>
    public required int Seed { get; init; }

    /// <summary>How long a frozen process stands still: longer than the heartbeat.</summary>
    public required TimeSpan Freeze { get; init; }

    /// <summary>What it does to the run.</summary>
    public IReadOnlyList<Nemesis> Nemeses { get; init; } = Nemesis.All;

    /// <summary>Whether the data stays when all is over.</summary>
    public bool Keep { get; init; }

    /// <summary>The wait between strikes, as a multiple of the time that the run needs to be productive again.</summary>
    public double Spacing { get; init; } = 3;
}
