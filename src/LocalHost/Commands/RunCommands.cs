using System.CommandLine;
using System.Text.Json;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Shared;
using R1Cloud.Terminal;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The commands that talk to a running host.</summary>
internal static class RunCommands
{
    private static readonly Argument<string> Run = new("run") { Description = "The run's id, as `r1 runs` lists it." };
    private static readonly Option<string?> Stage = new("--stage") { Description = "Only this stage." };
    private static readonly Option<string?> Where = new("--where") {
        Description = "Which rows: comparisons (= != < <= > >= ~) of reward, tokens, correct, formatted, truncated, dropped, greedy, "
            + "completion, prompt, answer, problem, prompts, question, sample, checkpoint, or a reward by its name, joined by and, or, not "
            + "and brackets." };

    /// <summary>All of them.</summary>
    public static IEnumerable<Command> All(CommandContext context)
    {
        var client = new ClientOptions(context);

        var states = new Option<string?>("--state") {
            Description = "Only runs that stand so: queued, running, paused, completed, failed, cancelled; several with commas between." };
        var limit = new Option<int?>("--limit") { Description = "How many; 100 without it." };
        var after = new Option<string?>("--after") { Description = "Only those after an earlier page, which names this value." };
        yield return client.Command(
            new("runs", "Lists the runs, newest first.", "./r1 runs", "./r1 runs --state failed,cancelled --limit 20",
                "./r1 runs --json") { states, limit, after },
            async (http, parsed, cancellation) => ShowRuns(
                context, await http.ListAsync(parsed.GetValue(states), parsed.GetValue(limit), parsed.GetValue(after), cancellation),
                    client.IsJson(parsed)));

        yield return client.Command(
            new("status", "Shows where a run stands.", "./r1 status quickstart-1a2b3c4d", "./r1 status quickstart-1a2b3c4d --json") { Run },
            async (http, parsed, cancellation) =>
                ShowStatus(context, http, await http.GetAsync(parsed.GetValue(Run)!, cancellation), client.IsJson(parsed)));

        foreach (var (name, description, route) in new[]
        {
            ("pause", "Holds a run: what its workers do now runs out, nothing new begins.", ApiRoutes.Pause),
            ("cancel", "Ends a run; `r1 retry` takes it up again.", ApiRoutes.Cancel),
        })
        {
            yield return client.Command(
                new(name, description, $"./r1 {name} quickstart-1a2b3c4d") { Run },
                (http, parsed, cancellation) =>
                    SteerAsync(context, http, route, parsed.GetValue(Run)!, null, client.IsJson(parsed), cancellation));
        }

        var budget = new Option<double?>("--budget") {
            Description = "What the run may cost from now on in all, in its budget's currency: more than before.", HelpName = "AMOUNT" };
        yield return client.Command(
            new ExampleCommand("resume", "Lets a held run go on.", "./r1 resume quickstart-1a2b3c4d",
                "./r1 resume quickstart-1a2b3c4d --budget 12.5") { Run, budget },
            async (http, parsed, cancellation) => ShowStatus(context, http,
                await http.ResumeAsync(parsed.GetValue(Run)!, parsed.GetValue(budget), cancellation), client.IsJson(parsed)));

        var from = new Option<string?>("--stage") {
            Description = "Run this stage and those that depend on it again. Without it the run goes on where it failed." };
        yield return client.Command(
            new("retry", "Takes up a failed or cancelled run.", "./r1 retry quickstart-1a2b3c4d",
                "./r1 retry quickstart-1a2b3c4d --stage r1-zero") { Run, from },
            (http, parsed, cancellation) =>
                SteerAsync(context, http, ApiRoutes.Retry, parsed.GetValue(Run)!, parsed.GetValue(from), client.IsJson(parsed),
                    cancellation));

        foreach (var command in ForkCommands.All(context, client, Run)) yield return command;

        var since = new Option<int?>("--since") { Description = "Only steps after this one." };
        yield return client.Command(
            new("metrics", "Prints a run's figures step by step.", "./r1 metrics quickstart-1a2b3c4d --stage r1-zero --since 50") { Run,
                Stage, since },
            async (http, parsed, cancellation) => ShowMetrics(
                context, await http.MetricsAsync(parsed.GetValue(Run)!, parsed.GetValue(Stage), parsed.GetValue(since), cancellation),
                    client.IsJson(parsed)));

        yield return client.Command(
            new("samples", "Prints example answers of a run's models; with --where, all sample rows of its rollouts and evaluations that "
                + "it describes, each with its set (--json: a line a row).", "./r1 samples quickstart-1a2b3c4d --stage r1-zero",
                "./r1 samples quickstart-1a2b3c4d --where \"reward < 0 and tokens > 100\"",
                "./r1 samples quickstart-1a2b3c4d --where \"not correct and completion ~ wait\" --json") { Run, Stage, Where },
            async (http, parsed, cancellation) => parsed.GetValue(Where) is { } where
                ? await SampleSearch.ShowAsync(context, http, parsed.GetValue(Run)!, parsed.GetValue(Stage), SampleFilter.Parse(where),
                    client.IsJson(parsed), cancellation)
                : ShowSamples(
                    context, await http.SamplesAsync(parsed.GetValue(Run)!, parsed.GetValue(Stage), cancellation), client.IsJson(parsed)));

        yield return client.Command(
            new("report", "Prints a finished run's report.", "./r1 report quickstart-1a2b3c4d",
                "./r1 report quickstart-1a2b3c4d --json") { Run },
            async (http, parsed, cancellation) =>
            {
                var report = await http.ReportAsync(parsed.GetValue(Run)!, cancellation);
                if (client.IsJson(parsed)) context.WriteJson(report);
                else new ReportView(context.Console).Write(report, []);
                return ExitCode.Ok;
            });
    }

    private static int ShowRuns(CommandContext context, RunList list, bool json)
    {
        if (json)
        {
            context.WriteJson(list);
            return ExitCode.Ok;
        }
        if (list.Runs.Count == 0) context.Console.MarkupLine("[grey]no runs yet[/]");
        else WriteTable(context, new(["run", "status", "stage", "created"], [.. list.Runs.Select(run => (IReadOnlyList<string>)
            [run.Id, run.Status.ToString().ToLowerInvariant(), run.Stage ?? "", $"{run.CreatedAt.ToLocalTime():yyyy-MM-dd HH:mm}"])]),
                "created", "stage");
        if (list.Next is not null) context.Console.WriteMarkup($"[grey]there are more: --after {Markup.Escape(list.Next)}[/]");
        return ExitCode.Ok;
    }

    /// <summary>Shows where a run stands.</summary>
    internal static int ShowStatus(CommandContext context, RunClient http, RunView view, bool json)
    {
        if (json)
        {
            context.WriteJson(view);
            return ExitCode.Ok;
        }
        var now = TimeProvider.System.GetUtcNow();
        var progress = new WatchedRun(http.Address, view.StartedAt ?? now);
        progress.Apply(new WatchedEvent(RunEventNames.Snapshot, view));
        context.Console.Write(
            RunScreen.Draw(progress, Glyphs.For(context.Console), context.Console.Profile.Width, view.EndedAt ?? now, stops: false));
        if (view.Waiting is not null) context.Console.WriteMarkup($" [olive]waits: {Markup.Escape(view.Waiting)}[/]");
        if (view.Budget is { } budget) context.Console.WriteMarkup($" {BudgetText.Of(budget)}");
        if (view.Error is not null) context.Console.WriteMarkup($" [red]{Markup.Escape(view.Error)}[/]");
        return ExitCode.Ok;
    }

    private static async Task<int> SteerAsync(
        CommandContext context, RunClient http, string route, string run, string? stage, bool json, CancellationToken cancellation) =>
        ShowStatus(context, http, await http.SteerAsync(route, run, stage, cancellation), json);

    private static int ShowMetrics(CommandContext context, RunMetrics metrics, bool json)
    {
        if (json)
        {
            foreach (var row in metrics.Rows) context.Output.WriteLine(JsonSerializer.Serialize(row, R1Json.Options));
            return ExitCode.Ok;
        }
        foreach (var stage in metrics.Rows.GroupBy(row => row.Stage))
        {
            var figures = Format.Figures.Where(figure => stage.Any(row => row.Values.ContainsKey(figure.Metric))).ToList();
            var table = new ReportTable([stage.Key, .. figures.Select(figure => figure.Label)],
                [.. stage.Select(row => (IReadOnlyList<string>)
                [$"{row.Step}",
                    .. figures.Select(figure => row.Values.TryGetValue(figure.Metric, out var value) ? figure.Write(value) : "")])]);
            WriteTable(context, table, figures.Select(figure => figure.Label).Reverse());
        }
        return ExitCode.Ok;
    }

    private static void WriteTable(CommandContext context, ReportTable table, params IEnumerable<string> leastTelling)
    {
        foreach (var line in TextTable.Lines(table, context.Console.Profile.Out.IsTerminal ? context.Console.Profile.Width - 1 : null,
            leastTelling)) context.Console.WriteMarkup(line);
    }

    private static int ShowSamples(CommandContext context, RunSamples samples, bool json)
    {
        if (json)
        {
            context.WriteJson(samples);
            return ExitCode.Ok;
        }
        var view = new ReportView(context.Console);
        foreach (var set in samples.Sets)
        {
            context.Console.MarkupLine($" [bold]{Markup.Escape(set.Stage)}[/]  [grey]{Markup.Escape(set.Source)}, step {set.Step}[/]");
            foreach (var sample in set.Samples)
            {
                context.Console.MarkupLine(
                    $" {Markup.Escape(sample.Question)}{(sample.Answer is null ? "" : $"  [grey]right: {Markup.Escape(sample.Answer)}[/]")}");
                view.WriteSample(sample.Greedy == true ? "greedy" : "sampled", sample);
            }
        }
        return ExitCode.Ok;
    }
}
