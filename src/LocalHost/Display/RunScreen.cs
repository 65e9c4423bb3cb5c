using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace R1Cloud.LocalHost.Display;

/// <summary>The live view of a run, drawn again from <see cref="WatchedRun"/> each time.</summary>
internal static class RunScreen
{
    private const int FiguresShown = 6;
    private const int FigureWidth = 24;
    private const int Narrow = 60; // columns below which a stage has no bar

    /// <summary>Draws the run for a console of the given width.</summary>
    /// <param name="progress">The run.</param>
    /// <param name="glyphs">What it is drawn with.</param>
    /// <param name="width">Columns.</param>
    /// <param name="now">The time.</param>
    /// <param name="stops">Whether Ctrl-C stops it.</param>
    public static IRenderable Draw(WatchedRun progress, Glyphs glyphs, int width, DateTimeOffset now, bool stops = true)
    {
        if (progress.View is not { } view) return new Markup("[grey]starting[/]");
        var lines = new List<string> { Header(view, progress.Address, width), "" };
        lines.AddRange(view.Stages.Select(stage => StageLine(progress, stage, glyphs, width, now)));
        lines.Add("");
        if (progress.Current is { } current)
        {
            lines.AddRange(FigureLines(progress.Figures(current), width));
            var curve = progress.AccuracyCurve();
            if (curve.Count > 1)
                lines.Add(
                    $" [grey]{"curve",-10}[/][teal]{Sparkline.Draw(curve, width - 24, 0, 1, glyphs.Levels)}[/]  {Format.Share(curve[^1])}");
        }
        lines.Add($" [grey]{"workers",-10}[/]{Workers(view, glyphs)}");
        foreach (var remark in progress.Remarks) lines.Add($" [olive]{Markup.Escape(Format.OneLine(remark, width - 2, glyphs.Cut))}[/]");
        lines.Add("");
        lines.Add(Footer(progress, view, glyphs, now, stops));
        return new Rows(
            lines.Select(line => line.Length == 0 ? (IRenderable)Text.Empty : new Markup(line) { Overflow = Overflow.Ellipsis }));
    }

    private static string Header(RunView view, Uri address, int width)
    {
        var url = address.GetLeftPart(UriPartial.Authority);
        var gap = Math.Max(2, width - 1 - "R1 Cloud  ".Length - view.Id.Length - url.Length - 1);
        return $" [teal]R1 Cloud[/]  [bold]{Markup.Escape(view.Id)}[/]{new string(' ', gap)}[grey]{Markup.Escape(url)}[/]";
    }

    private static string StageLine(WatchedRun progress, StageView stage, Glyphs glyphs, int width, DateTimeOffset now)
    {
        var (done, total) = progress.Steps(stage);
        var (sign, colour) = stage.Status switch
        {
            StageStatus.Completed => (glyphs.Done, "green"),
            StageStatus.Failed or StageStatus.Cancelled => (glyphs.Failed, "red"),
            StageStatus.Pending => (glyphs.Pending, "grey"),
            _ => (glyphs.Running, "teal"),
        };
        var names = Math.Clamp(progress.View!.Stages.Max(other => other.Label.Length), 8, 20);
        var steps = total > 0 ? $"{done}/{total}" : "";
        var time = stage.ReusedFrom is not null ? "" : stage.StartedAt is { } start
            ? Format.Duration(Instants.Between(start, stage.EndedAt ?? now)) : "";
        if (width < Narrow)
        {
            var tail = $"{(steps.Length > 0 ? $" {steps}" : "")}{(time.Length > 0 ? $" {time}" : "")}";
            return
                $" [{colour}]{sign}[/] {Markup.Escape(Format.OneLine(stage.Label, Math.Min(names, Math.Max(4, width - 4 - tail.Length)), glyphs.Cut) + tail)}";
        }
        var note = stage.Status switch
        {
            StageStatus.Evaluating => "evaluating",
            StageStatus.Running => stage.Phase ?? "",
            _ => stage.ReusedFrom is null ? "" : "reused",
        };
        var bar = Math.Max(8, width - (3 + names + 1 + 11 + 8 + 2 + 11));
        var full = total > 0 ? (int)Math.Round((double)bar * Math.Min(done, total) / total) : stage.Status == StageStatus.Completed
            ? bar : 0;
        return $" [{colour}]{sign}[/] {Markup.Escape(Format.OneLine(stage.Label, names, glyphs.Cut).PadRight(names))} " +
            $"[{colour}]{new string(glyphs.BarFull, full)}[/][grey]{new string(glyphs.BarEmpty, bar - full)}[/]" +
            $"{steps,11}{time,8}  [grey]{Markup.Escape(Format.OneLine(note, 10, glyphs.Cut))}[/]";
    }

    private static IEnumerable<string> FigureLines(IReadOnlyDictionary<string, double> figures, int width)
    {
        var shown = Format.Figures.Where(figure => figures.ContainsKey(figure.Metric)).DistinctBy(figure => figure.Label).Take(FiguresShown)
            .Select(figure => $" [grey]{figure.Label,-10}[/]{figure.Write(figures[figure.Metric]),-13}");
        foreach (var line in shown.Chunk(Math.Clamp((width - 1) / FigureWidth, 1, width >= 100 ? 4 : 3))) yield return string.Concat(line);
    }

    private static string Workers(RunView view, Glyphs glyphs)
    {
        if (view.Workers.Workers.Count == 0)
            return view.Status is RunStatus.Queued or RunStatus.Running ? "[grey]none yet[/]" : "[grey]none[/]";
        var states = view.Workers.Workers.GroupBy(worker => worker.State).Select(group => $"{group.Count()} {group.Key}");
        var restarts = view.Workers.Restarts > 0
            ? $" {glyphs.Dot} {view.Workers.Restarts} {(view.Workers.Restarts == 1 ? "restart" : "restarts")}" : "";
        return Markup.Escape(string.Join(", ", states) + restarts);
    }

    private static string Footer(WatchedRun progress, RunView view, Glyphs glyphs, DateTimeOffset now, bool stops)
    {
        var left = view.EtaSeconds is { } eta && view.Status == RunStatus.Running && progress.Current?.Status == StageStatus.Running
            ? $" {glyphs.Dot} about {Format.Duration(eta)} left in this stage" : "";
        var state = view.Status switch
        {
            RunStatus.Running => "",
            RunStatus.Paused => $" {glyphs.Dot} [olive]paused[/]",
            var other => $" {glyphs.Dot} {other.ToString().ToLowerInvariant()}",
        };
        var hint = stops && view.Status is RunStatus.Running or RunStatus.Queued ? $" {glyphs.Dot} Ctrl-C stops" : "";
        return $" [grey]{Format.Duration(Instants.Between(progress.WatchedSince, now))} elapsed{left}[/]{state}[grey]{hint}[/]";
    }
}
