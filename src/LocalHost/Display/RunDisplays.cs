using System.Text.Json;
using R1Cloud.LocalHost.Client;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunDisplay
{
    /// <summary>Takes in events until they end.</summary>
    Task ShowAsync(IAsyncEnumerable<WatchedEvent> events, WatchedRun progress);
}

/// <summary>The run as a picture that is drawn again in place: for people at a terminal.</summary>
internal sealed class ScreenDisplay(IAnsiConsole console, TimeProvider time) : IRunDisplay
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(0.25);

    /// <inheritdoc/>
    public Task ShowAsync(IAsyncEnumerable<WatchedEvent> events, WatchedRun progress)
    {
        var glyphs = Glyphs.For(console);
        Spectre.Console.Rendering.IRenderable Draw() => RunScreen.Draw(progress, glyphs, console.Profile.Width, time.GetUtcNow());
        return console.Live(Draw()).StartAsync(async live =>
        {
            await using var changes = events.GetAsyncEnumerator();
            var next = changes.MoveNextAsync().AsTask();
            var tick = Task.Delay(Refresh, time);
            while (true)
            {
                if (await Task.WhenAny(next, tick) == next)
                {
                    if (!await next) break;
                    progress.Apply(changes.Current);
                    next = changes.MoveNextAsync().AsTask();
                }
                if (!tick.IsCompleted) continue;
                live.UpdateTarget(Draw());
                tick = Task.Delay(Refresh, time);
            }
            live.UpdateTarget(Draw());
        });
    }
}

/// <summary>The run as lines of text, one a change of state and about twenty a stage: for logs and pipes.</summary>
internal sealed class PlainDisplay(TextWriter output, TimeProvider time) : IRunDisplay
{
    private const int LinesPerStage = 20;
    private readonly Dictionary<string, (StageStatus Status, int Line)> told = [];
    private RunStatus? status;

    /// <inheritdoc/>
    public async Task ShowAsync(IAsyncEnumerable<WatchedEvent> events, WatchedRun progress)
    {
        await foreach (var change in events)
        {
            progress.Apply(change);
            if (change.Data is RunLog { Level: not "information" } log) Write("", log.Message);
            if (progress.View is not { } view) continue;
            foreach (var stage in view.Stages) Tell(progress, stage);
            if (status != view.Status)
            {
                if (status is not null || view.Status is not RunStatus.Running)
                    Write("", $"run {view.Status.ToString().ToLowerInvariant()}");
                status = view.Status;
            }
        }
    }

    private void Tell(WatchedRun progress, StageView stage)
    {
        var (done, total) = progress.Steps(stage);
        var line = total > 0 ? done * LinesPerStage / total : 0;
        var known = told.GetValueOrDefault(stage.Label, (Status: StageStatus.Pending, Line: 0));
        if (known.Status == stage.Status && (known.Line >= line || stage.Status != StageStatus.Running)) return;
        told[stage.Label] = (stage.Status, Math.Max(line, known.Line));

        var figures = progress.Figures(stage);
        var shown = stage.Status is StageStatus.Running && done > 0
            ? Format.Figures.Where(figure => figures.ContainsKey(figure.Metric)).DistinctBy(figure => figure.Label).Take(6)
                .Select(figure => $"  {figure.Label} {figure.Write(figures[figure.Metric])}")
            : [];
        var origin = stage.ReusedFrom is { } from ? $", reused from {from.RunId}" : "";
        var state = known.Status == stage.Status ? "" : $"  {stage.Status.ToString().ToLowerInvariant()}{origin}";
        var left = stage.Status == StageStatus.Running && progress.View!.EtaSeconds is { } eta ? $"  left {Format.Duration(eta)}" : "";
        var error = stage.Error is null ? "" : $"  {stage.Error}";
        Write(stage.Label, $"{(total > 0 ? $"{done}/{total}" : ""),9}{state}{string.Concat(shown)}{left}{error}");
    }

    private void Write(string stage, string text) => output.WriteLine($"{time.GetLocalNow():HH:mm:ss}  {stage,-10} {text}".TrimEnd());
}

/// <summary>The run as JSON, an event a line: for programs.</summary>
internal sealed class JsonDisplay(TextWriter output) : IRunDisplay
{
    /// <inheritdoc/>
    public async Task ShowAsync(IAsyncEnumerable<WatchedEvent> events, WatchedRun progress)
    {
        await foreach (var change in events)
        {
            progress.Apply(change);
            Write(output, change.Name, change.Data);
        }
    }

    /// <summary>Writes one event.</summary>
    public static void Write(TextWriter output, string name, object data) =>
        output.WriteLine(JsonSerializer.Serialize(new { Event = name, Data = data }, R1Json.Options));
}
