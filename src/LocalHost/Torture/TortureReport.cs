namespace R1Cloud.LocalHost.Torture;

/// <summary>A strike.</summary>
/// <param name="Nemesis">What was done.</param>
/// <param name="Phases">The kinds of the jobs whose attempts it hit; none when it hit none.</param>
/// <param name="Seconds">How long until an attempt began again; null when it hit none, or processes only stood still.</param>
internal sealed record Strike(string Nemesis, IReadOnlyList<string> Phases, double? Seconds);

/// <summary>A tortured run from its start to its end.</summary>
/// <param name="Strikes">What was done to it.</param>
/// <param name="Starts">How often its host was started.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Differences">In what its result differs from the undisturbed run's.</param>
/// <param name="Twice">Lines of metrics that were appended twice.</param>
/// <param name="Left">Files of attempts that did not commit.</param>
internal sealed record Round(
    IReadOnlyList<Strike> Strikes, int Starts, double Seconds, IReadOnlyList<string> Differences, int Twice, int Left);

/// <summary>What a torture has shown.</summary>
/// <param name="Seed">What decided.</param>
/// <param name="CalmSeconds">How long the undisturbed run took.</param>
/// <param name="Compared">Files that were compared in each round.</param>
/// <param name="Rounds">The tortured runs.</param>
/// <param name="Faults">Faults of storage by kind.</param>
/// <param name="Requests">Requests that went by way of the faulty storage.</param>
internal sealed record TortureReport(
    int Seed, double CalmSeconds, int Compared, IReadOnlyList<Round> Rounds, IReadOnlyDictionary<string, int> Faults, int Requests)
{
    /// <summary>All strikes.</summary>
    public IEnumerable<Strike> Strikes => Rounds.SelectMany(round => round.Strikes);

    /// <summary>Whether every round ended with the undisturbed run's bits.</summary>
    public bool IsSame => Rounds.All(round => round.Differences.Count == 0);

    /// <summary>Strikes by what was done.</summary>
    public IEnumerable<StrikeCount> ByNemesis => Strikes.GroupBy(strike => strike.Nemesis, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => StrikeCount.Of(group.Key, [.. group]));

    /// <summary>What a program reads: one line of JSON.</summary>
    public object Summary => new
    {
        Same = IsSame,
        Seed,
        Kills = Strikes.Count(),
        HitRunningAttempts = Strikes.Count(strike => strike.Phases.Count > 0),
        Faults = Faults.Values.Sum(),
        Rounds = Rounds.Count,
        Compared,
        Different = Rounds.Sum(round => round.Differences.Count),
        MetricsLinesTwice = Rounds.Sum(round => round.Twice),
        FilesOfAttemptsThatDidNotCommit = Rounds.Sum(round => round.Left),
        HostStarts = Rounds.Sum(round => round.Starts),
        CalmSeconds = Math.Round(CalmSeconds, 1),
        TorturedSeconds = Rounds.Select(round => Math.Round(round.Seconds, 1)),
        Productive = StrikeCount.Of("all", [.. Strikes]),
        ByKind = ByNemesis,
        ByPhase = Strikes.SelectMany(strike => strike.Phases).CountBy(phase => phase).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(),
        FaultsByKind = Faults.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(),
        Requests,
        Differences = Rounds.SelectMany(round => round.Differences).Take(100),
    };
}

/// <summary>Strikes of one kind.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Kills">How many.</param>
/// <param name="Hits">How many hit a running attempt.</param>
/// <param name="Phases">The jobs whose attempts they hit, by kind.</param>
/// <param name="MedianSeconds">The median of the seconds until an attempt began again.</param>
/// <param name="MostSeconds">The longest.</param>
internal sealed record StrikeCount(
    string Name, int Kills, int Hits, IReadOnlyDictionary<string, int> Phases, double? MedianSeconds, double? MostSeconds)
{
    /// <summary>Counts.</summary>
    public static StrikeCount Of(string name, IReadOnlyList<Strike> strikes)
    {
        var seconds = strikes.Select(strike => strike.Seconds).OfType<double>().Order().ToList();
        return new(name, strikes.Count, strikes.Count(strike => strike.Phases.Count > 0),
            strikes.SelectMany(strike => strike.Phases).CountBy(phase => phase)
                .OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(),
            seconds.Count == 0 ? null : Math.Round(seconds[seconds.Count / 2], 2), seconds.Count == 0 ? null : Math.Round(seconds[^1], 2));
    }
}
