using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>What of a run a tracker has.</summary>
/// <param name="Stages">By the stages' labels.</param>
/// <param name="Tries">How often it has failed since it last went well.</param>
/// <param name="NextAt">Not before this it is tried again.</param>
[StoredForm(1)]
internal sealed record TrackedRun(IReadOnlyDictionary<string, TrackedRows> Stages, int Tries = 0, DateTimeOffset NextAt = default)
{
    /// <summary>Nothing yet.</summary>
    public static TrackedRun None { get; } = new(new Dictionary<string, TrackedRows>());

    /// <summary>The same with a stage's.</summary>
    public TrackedRun With(string label, TrackedRows rows) =>
        this with { Stages = new Dictionary<string, TrackedRows>(Stages) { [label] = rows } };
}

/// <summary>What of a stage a tracker has.</summary>
/// <param name="Step">All steps before this one, and of this one <paramref name="Names"/>.</param>
/// <param name="Names">The figures of the step; later ones may be added to it.</param>
/// <param name="Status">The last status that it was told.</param>
/// <param name="IsOpen">Whether something was about to be sent of which nobody knows whether it came.</param>
internal sealed record TrackedRows(int Step, IReadOnlyList<string> Names, TrackedStatus? Status = null, bool IsOpen = false)
{
    /// <summary>Nothing yet.</summary>
    public static TrackedRows None { get; } = new(-1, []);

    /// <summary>Those of some rows that are not there yet.</summary>
    public IReadOnlyList<MetricsRow> Missing(IEnumerable<MetricsRow> rows) =>
        [.. rows.Where(row => row.Step >= Step)
            .Select(row => row.Step > Step ? row
                : row with { Values = row.Values.Where(value => !Names.Contains(value.Key)).ToDictionary() })
            .Where(row => row.Values.Count > 0)];

    /// <summary>The same after rows were sent.</summary>
    public TrackedRows After(IReadOnlyList<MetricsRow> sent)
    {
        if (sent.Count == 0) return this;
        var last = sent[^1];
        return this with { Step = last.Step, Names = last.Step == Step ? [.. Names, .. last.Values.Keys] : [.. last.Values.Keys] };
    }
}
