using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>
/// Gives runs' figures to the trackers that their recipes name. What is recorded of a stage is the spool: a figure's time is stamped there
/// once, and what a tracker has is kept beside it, so that a tracker that was away gets the rest, and nothing twice.
/// </summary>
internal sealed partial class RunTracking(RunViewer viewer, MetricsReader metrics, IBlobStore blobs, IEnumerable<ITracker> trackers,
    PipelineOptions options, TimeProvider clock, ILogger<RunTracking> log)
{
    /// <summary>Rows that are sent at a time.</summary>
    public const int MostRows = 200;

    /// <summary>How often a tracker is tried on behalf of a run that has ended.</summary>
    public const int MostTries = 12;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(15), LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>Gives what there is.</summary>
    /// <returns>Whether the trackers have all, or are given up.</returns>
    public async Task<bool> KeepAsync(RunSpec spec, CancellationToken cancellation)
    {
        var names = spec.ParseRecipe().Tracking.Where(options.Services.Tracking.ContainsKey).Distinct().ToList();
        if (names.Count == 0) return true;
        var run = await viewer.ViewAsync(spec, cancellation);
        var all = true;
        foreach (var name in names) all &= await KeepAsync(spec, run, name, options.Services.Tracking[name], cancellation);
        return all;
    }

    private async Task<bool> KeepAsync(RunSpec spec, RunView run, string name, TrackingService service, CancellationToken cancellation)
    {
        if (trackers.FirstOrDefault(one => one.Kind == service.Kind) is not { } tracker) return true; // said when the host started
        var path = BlobLayout.Tracked(run.Id, name);
        var known = await blobs.TryReadJsonAsync<TrackedRun>(path, cancellation) ?? TrackedRun.None;
        var isOver = run.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;
        if (isOver && known.Tries >= MostTries) return true;
        if (known.NextAt > clock.GetUtcNow()) return false;
        try
        {
            foreach (var stage in run.Stages.Where(stage => stage.Status != StageStatus.Pending && stage.ReusedFrom is null))
                known = await SendAsync(new(spec, run, stage, service, tracker, path), known, cancellation);
            if (known.Tries > 0) await blobs.WriteJsonAsync(path, known with { Tries = 0, NextAt = default }, cancellation);
            return true;
        }
        catch (TrackerException e)
        {
            known = await blobs.TryReadJsonAsync<TrackedRun>(path, cancellation) ?? known;
            var tries = known.Tries + 1;
            var wait = FirstWait * Math.Pow(2, Math.Min(tries - 1, 10));
            known = known with { Tries = tries, 
                NextAt = Instants.After(clock.GetUtcNow(), wait < LongestWait ? wait : LongestWait) };
            await blobs.WriteJsonAsync(path, known, cancellation);
            LogNotTaken(run.Id, name, tries, e.Message);
            return false;
        }
    }

    private sealed record Delivery(RunSpec Spec, RunView Run, StageView Stage, TrackingService Service, ITracker Tracker, string Path);

    private async Task<TrackedRun> SendAsync(Delivery delivery, TrackedRun known, CancellationToken cancellation)
    {
        var (label, status) = (delivery.Stage.Label, StatusOf(delivery.Run, delivery.Stage));
        var rows = await metrics.ReadAsync(delivery.Run.Id, label, cancellation);
        while (true)
        {
            var has = known.Stages.GetValueOrDefault(label) ?? TrackedRows.None;
            var missing = has.Missing(rows);
            IReadOnlyList<Shared.Metrics.MetricsRow> part = [.. missing.Take(MostRows)];
            if (part.Count == 0 && has.Status == status) return known;
            var told = part.Count == missing.Count ? status : TrackedStatus.Running;
            // Before it is sent: should this process die meanwhile, the tracker is asked for what it has.
            await blobs.WriteJsonAsync(delivery.Path, known.With(label, has with { IsOpen = true }), cancellation);
            await delivery.Tracker.SendAsync(delivery.Service, Describe(delivery, told, has.IsOpen), part, cancellation);
            known = known.With(label, has.After(part) with { Status = told, IsOpen = false });
            await blobs.WriteJsonAsync(delivery.Path, known, cancellation);
        }
    }

    private TrackedStage Describe(Delivery delivery, TrackedStatus status, bool isResumed)
    {
        var stage = delivery.Stage;
        var recipe = delivery.Spec.ParseRecipe();
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["recipe"] = recipe.Name, ["recipeHash"] = delivery.Spec.Hash, ["seed"] = FormattableString.Invariant($"{recipe.Seed}"),
        };
        if (recipe.Stages.TryGetValue(stage.Name, out var own))
            Flatten(JsonSerializer.SerializeToElement(own, R1Json.Options), "", settings);
        DateTimeOffset? ended = status == TrackedStatus.Running ? null : stage.EndedAt ?? delivery.Run.EndedAt ?? clock.GetUtcNow();
        return new($"{delivery.Run.Id}/{stage.Label}", delivery.Run.Id, stage.Label, delivery.Service.Project ?? recipe.Name, status,
            stage.StartedAt ?? delivery.Run.CreatedAt, settings, isResumed, ended);
    }

    private static TrackedStatus StatusOf(RunView run, StageView stage) => stage.Status switch
    {
        StageStatus.Completed => TrackedStatus.Finished,
        StageStatus.Failed => TrackedStatus.Failed,
        StageStatus.Cancelled => TrackedStatus.Killed,
        _ => run.Status == RunStatus.Cancelled ? TrackedStatus.Killed : TrackedStatus.Running,
    };

    private static void Flatten(JsonElement value, string path, Dictionary<string, string> into)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in value.EnumerateObject())
                Flatten(field.Value, path.Length == 0 ? field.Name : $"{path}.{field.Name}", into);
        }
        else if (value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
            into[path] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
    }

    [LoggerMessage(EventId = 1801, Level = LogLevel.Warning,
        Message = "The figures of run {Run} were not taken by tracker '{Tracker}', try {Try}: {Trouble}")]
    private partial void LogNotTaken(string run, string tracker, int @try, string trouble);
}
