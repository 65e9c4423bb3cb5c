using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Which sample rows are asked for.</summary>
internal sealed record SampleQuery
{
    /// <summary>Limits of what may be asked for, and what comes where nothing is said.</summary>
    public const int MaxRows = 200, DefaultRows = 20, MinChars = 100, MaxChars = 1 << 20, DefaultChars = 8_000, MaxText = 200;
    /// <summary>Most characters of a page.</summary>
    public const int MaxPageChars = 16 << 20;

    /// <summary>Orders of rows, by name.</summary>
    public static IReadOnlyDictionary<string, Func<IEnumerable<SampleRowView>, IOrderedEnumerable<SampleRowView>>> Sorts { get; } =
        new Dictionary<string, Func<IEnumerable<SampleRowView>, IOrderedEnumerable<SampleRowView>>>(StringComparer.Ordinal)
        {
            ["order"] = rows => rows.OrderBy(row => row.Question),
            ["reward"] = rows => rows.OrderBy(row => row.Reward),
            ["-reward"] = rows => rows.OrderByDescending(row => row.Reward),
            ["length"] = rows => rows.OrderBy(Length),
            ["-length"] = rows => rows.OrderByDescending(Length),
            // Rows that the update did not learn from have none: they come last, whichever the order.
            ["advantage"] = rows => rows.OrderBy(row => row.Advantage ?? double.PositiveInfinity),
            ["-advantage"] = rows => rows.OrderByDescending(row => row.Advantage),
        };

    /// <summary>What may have asked.</summary>
    public static IReadOnlyList<string> Sources { get; } = [JobKinds.Rollout, JobKinds.Evaluate];

    public required string Stage { get; init; }
    public string Source { get; init; } = JobKinds.Rollout;
    public int? Iteration { get; init; }
    public string? Benchmark { get; init; }
    public string? Prompts { get; init; }
    public string? Problem { get; init; }
    public int? Question { get; init; }
    public double? MinReward { get; init; }
    public double? MaxReward { get; init; }
    public bool? Correct { get; init; }
    public bool? Formatted { get; init; }
    public bool? Truncated { get; init; }
    public bool? Dropped { get; init; }
    public string? Text { get; init; }
    public string Sort { get; init; } = "order";
    public int Limit { get; init; } = DefaultRows;
    public int After { get; init; }
    public int Chars { get; init; } = DefaultChars;

    /// <summary>Whether a row is asked for. Of what a row does not say nothing is assumed.</summary>
    public bool Wants(SampleRowView row) =>
        (Prompts is null || row.Prompts == Prompts) && (Problem is null || row.Problem == Problem)
        && (Question is null || row.Question == Question)
        && (MinReward is null || row.Reward >= MinReward) && (MaxReward is null || row.Reward <= MaxReward)
        && (Correct is null || row.Correct == Correct) && (Formatted is null || row.Formatted == Formatted)
        && (Truncated is null || row.Truncated == Truncated) && (Dropped is null || row.Dropped == Dropped)
        && (Text is null || row.Prompt.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || row.Completion.Contains(Text, StringComparison.OrdinalIgnoreCase));

    /// <summary>The row with texts of the length that is asked for.</summary>
    public SampleRowView Cut(SampleRowView row) => row with { Prompt = Cut(row.Prompt), Completion = Cut(row.Completion) };

    /// <summary>The rows in the order that is asked for.</summary>
    public IReadOnlyList<SampleRowView> Sorted(IEnumerable<SampleRowView> rows) =>
        [.. Sorts[Sort](rows).ThenBy(row => row.Question).ThenBy(row => row.Sample)];

    // Never in the midst of a pair of surrogates, which would be no text.
    private string Cut(string text) => text.Length <= Chars ? text : text[..(char.IsHighSurrogate(text[Chars - 1]) ? Chars - 1 : Chars)];

    private static int Length(SampleRowView row) => row.Tokens ?? row.CompletionChars;
}
