using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Model;

/// <summary>A stage as the run's orchestration sees it; what it has made, and its figures, are in its record.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Error">Why it failed.</param>
internal sealed record StageMark(string Name, StageStatus Status = StageStatus.Pending, DateTimeOffset? StartedAt = null,
    DateTimeOffset? EndedAt = null, string? Error = null);

/// <summary>
/// The custom status of a run's orchestration. It is bounded: <see cref="CustomStatus.MaxCharacters"/> hold as many stages as a recipe may
/// have.
/// </summary>
internal sealed record RunProgress : IWaitingStatus
{
    /// <summary>The version that is written now.</summary>
    public const int CurrentVersion = 2;

    /// <summary>None means 1.</summary>
    public int Version { get; init; } = 1;
    /// <summary>The stage tree with its figures: what version 1 wrote, for which there is room in a small run alone.</summary>
    public IReadOnlyList<StageView>? Stages { get; init; }
    /// <summary>The stages since version 2.</summary>
    public StageColumns? Columns { get; init; }
    public TimeBreakdown Time { get; init; } = new();
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>
    /// Jobs that the run's orchestration itself waits for (evaluations): of version 1, later ones follow from the stages.
    /// </summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>What its activities wait for while storage is away.</summary>
    public string? Waiting { get; init; }

    /// <summary>The stages that <see cref="Columns"/> tell of.</summary>
    [JsonIgnore]
    public IReadOnlyList<StageMark> Marks => Columns?.Marks(StartedAt!.Value) ?? [];

    /// <summary>A run's status; texts of errors have what room is left.</summary>
    public static RunProgress Of(IReadOnlyList<StageMark> marks, TimeBreakdown time, DateTimeOffset startedAt, DateTimeOffset? endedAt)
    {
        var bare = new RunProgress { Version = CurrentVersion, Columns = StageColumns.Of(marks, startedAt), Time = time,
            StartedAt = startedAt, EndedAt = endedAt };
        var room = CustomStatus.MaxCharacters - JsonSerializer.Serialize(bare, R1Json.Options).Length;
        return bare with { Columns = bare.Columns.WithErrors(marks, room) };
    }

    /// <inheritdoc/>
    public object With(string? waiting) => this with { Waiting = StatusText.Fitted(this with { Waiting = null }, waiting) };
}

/// <summary>Stages column by column, as their names alone leave no room for a field's name a stage.</summary>
/// <param name="Names">Their names.</param>
/// <param name="States">Where they stand.</param>
/// <param name="Starts">When they began, in seconds since the run did.</param>
/// <param name="Ends">When they ended, likewise.</param>
/// <param name="Errors">Why they failed, by their places; cut short where there is no room.</param>
internal sealed record StageColumns(
    IReadOnlyList<string> Names, IReadOnlyList<StageStatus> States, IReadOnlyList<double?> Starts, IReadOnlyList<double?> Ends,
        IReadOnlyDictionary<int, string> Errors)
{
    /// <summary>The columns of stages, without errors.</summary>
    public static StageColumns Of(IReadOnlyList<StageMark> marks, DateTimeOffset origin)
    {
        return new(
            [.. marks.Select(mark => mark.Name)], [.. marks.Select(mark => mark.Status)],
                [.. marks.Select(mark => Seconds(mark.StartedAt))], [.. marks.Select(mark => Seconds(mark.EndedAt))],
            new Dictionary<int, string>());

        double? Seconds(DateTimeOffset? time) => time is null ? null : Math.Round(Instants.Between(origin, time.Value).TotalSeconds, 3);
    }

    /// <summary>The same with the errors that fit into some characters, each with an equal share.</summary>
    public StageColumns WithErrors(IReadOnlyList<StageMark> marks, int room)
    {
        var failed = Enumerable.Range(0, marks.Count).Where(place => marks[place].Error is not null).ToList();
        if (failed.Count == 0) return this;
        var share = room / failed.Count - """
            "999":"",
            """.Length;
        return this with { Errors = failed.Select(place => (place, Text: StatusText.Shortened(marks[place].Error!, share)))
            .Where(error => error.Text.Length > 0).ToDictionary(error => error.place, error => error.Text) };
    }

    /// <summary>The stages.</summary>
    public IReadOnlyList<StageMark> Marks(DateTimeOffset origin) =>
        [.. Names.Select((name, place) =>
            new StageMark(name, States[place], Time(Starts[place], origin), Time(Ends[place], origin), Errors.GetValueOrDefault(place)))];

    /// <summary>An error's text as a status has it, in full where its beginning is all that was kept.</summary>
    /// <param name="kept">What was kept.</param>
    /// <param name="known">A text that may be the whole of it.</param>
    public static string? Restored(string? kept, string? known) =>
        kept is null
            || (kept.EndsWith(StatusText.Cut, StringComparison.Ordinal)
                && known?.StartsWith(kept[..^StatusText.Cut.Length], StringComparison.Ordinal) == true) ? known : kept;

    private static DateTimeOffset? Time(double? seconds, DateTimeOffset origin) =>
        seconds is null ? null : Instants.After(origin, TimeSpan.FromSeconds(seconds.Value));
}
