using System.Globalization;
using R1Cloud.LocalHost.Display;
using R1Cloud.Pipeline.Report;
using Spectre.Console;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A torture's report for people.</summary>
internal sealed class TortureView(IAnsiConsole console)
{
    private const int MostDifferences = 20;

    /// <summary>Writes it.</summary>
    public void Write(TortureReport report)
    {
        Table(new(["strike", "how often", "hit an attempt", "of", "until productive, median", "longest"],
            [.. report.ByNemesis.Select(Row), Row(StrikeCount.Of("all", [.. report.Strikes]))]));
        if (report.Faults.Count > 0)
            Table(new(["fault of storage", "how often"],
            [
                .. report.Faults.OrderBy(fault => fault.Key, StringComparer.Ordinal)
                    .Select(fault => (IReadOnlyList<string>)[fault.Key, Count(fault.Value)]),
                ["all", Count(report.Faults.Values.Sum())],
            ]));
        Table(new(["of the results", ""],
        [
            ["tortured runs", Count(report.Rounds.Count)], ["files compared in each", Count(report.Compared)],
            ["files that differ, or are lost", Count(report.Rounds.Sum(round => round.Differences.Count))],
            ["lines of metrics appended twice", Count(report.Rounds.Sum(round => round.Twice))],
            ["files of attempts that did not commit", Count(report.Rounds.Sum(round => round.Left))],
        ]));
        foreach (var difference in report.Rounds.SelectMany(round => round.Differences).Take(MostDifferences))
            console.MarkupLine($"[red]{Markup.Escape(difference)}[/]");
        console.MarkupLine(report.IsSame ? "[green]the same bits[/]" : "[red]not the same[/]");
    }

    private static IReadOnlyList<string> Row(StrikeCount count) =>
    [
        count.Name, Count(count.Kills), Count(count.Hits), string.Join(", ", count.Phases.Select(phase => $"{phase.Key} {phase.Value}")),
        Seconds(count.MedianSeconds), Seconds(count.MostSeconds),
    ];

    private static string Count(int number) => Format.Count(number);

    private static string Seconds(double? seconds) =>
        seconds is { } known ? known.ToString("0.0", CultureInfo.InvariantCulture) + " s" : "–";

    private void Table(ReportTable table)
    {
        foreach (var line in TextTable.Lines(table, console.Profile.Width, "of")) console.MarkupLine(line);
        console.WriteLine();
    }
}
