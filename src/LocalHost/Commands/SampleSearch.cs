using System.Text.Json;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>Looks through all sample rows that a run still has.</summary>
internal static class SampleSearch
{
    private const int MostShown = 50;

    /// <summary>Prints the rows that a filter means.</summary>
    public static async Task<int> ShowAsync(CommandContext context, RunClient http, string run, string? stage, SampleFilter filter,
        bool json, CancellationToken cancellation)
    {
        var view = new ReportView(context.Console);
        var (seen, found) = (0, 0);
        foreach (var set in (await http.SampleSetsAsync(run, stage, cancellation)).Sets)
        {
            await foreach (var row in http.SampleRowsAsync(run, set, cancellation))
            {
                seen++;
                if (!filter.Meets(row)) continue;
                found++;
                if (json)
                {
                    await context.Output.WriteLineAsync(JsonSerializer.Serialize(
                        new { set.Stage, set.Source, set.Iteration, set.Benchmark, row }, R1Json.Options));
                }
                else if (found <= MostShown)
                {
                    Show(context, view, set, row);
                }
            }
        }
        if (json) return ExitCode.Ok;
        if (found > MostShown) context.Console.MarkupLine($"[grey]… and {found - MostShown} more: --json prints all[/]");
        context.Console.MarkupLine($"[grey]{found} of {seen} rows[/]");
        return ExitCode.Ok;
    }

    private static void Show(CommandContext context, ReportView view, SampleSetView set, SampleRowView row)
    {
        var benchmark = set.Benchmark is null ? "" : $" {set.Benchmark}";
        var place = $"{set.Stage} {set.Source}{benchmark} {set.Iteration}, question {row.Question}, sample {row.Sample}";
        var figures = FormattableString.Invariant($"reward {row.Reward:0.###}, {row.Tokens} tokens");
        context.Console.MarkupLine($" [bold]{Markup.Escape(place)}[/]  [grey]{Markup.Escape(figures)}[/]");
        context.Console.MarkupLine(
            $" {Markup.Escape(row.Prompt)}{(row.Answer is null ? "" : $"  [grey]right: {Markup.Escape(row.Answer)}[/]")}");
        view.WriteSample(row.Greedy ? "greedy" : "sampled", new Sample(row.Prompt, row.Completion, row.Answer, row.Correct));
    }
}
