using System.Globalization;
using System.Text.Json;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>
/// MLflow's REST protocol, version 2.0 (https://mlflow.org/docs/latest/rest-api.html). A stage is a run of MLflow's, found by a tag of our
/// own; a metric point that is sent again unchanged is the same point on its SQL store.
/// </summary>
public sealed class MlflowTracker : ITracker
{
    /// <summary>The tag that a stage's run is found by.</summary>
    public const string KeyTag = "r1.key";

    // Of one log-batch: 1000 metrics and 100 params are allowed, and a megabyte, which so many stay below whatever they say.
    private const int MostMetrics = 600, MostParams = 25, LongestParam = 6000, MostHistory = 25_000;

    private readonly MlflowHttp http;

    internal MlflowTracker(OutboundHttp outbound, Secrets secrets) => http = new(outbound, secrets);

    /// <inheritdoc/>
    public TrackerKind Kind => TrackerKind.Mlflow;

    /// <inheritdoc/>
    public async Task SendAsync(TrackingService service, TrackedStage stage, IReadOnlyList<MetricsRow> rows, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(rows);
        var experiment = await ExperimentAsync(service, stage.Project, cancellation);
        var run = await FindAsync(service, experiment, stage.Key, cancellation)
            ?? await CreateAsync(service, experiment, stage, cancellation);
        // Apart from metrics, and only those that are not there: one that is refused takes its whole batch with it.
        var missing = MlflowNames.Params(stage.Settings).Where(setting => !run.Settings.Contains(setting.Key));
        foreach (var part in missing.Chunk(MostParams)) await LogAsync(service, run.Id, part, cancellation);
        var points = rows.SelectMany(row => row.Values.Select(value => new Point(MlflowNames.KeyOf(value.Key), value.Value,
            row.WallTime.ToUnixTimeMilliseconds(), row.Step))).ToList();
        if (stage.IsResumed) points = await WithoutKnownAsync(service, run.Id, points, cancellation);
        // What ended and goes on says so first: more points alone leave it ended.
        if (run.Status != "RUNNING" && points.Count > 0)
            await UpdateAsync(service, run.Id, "RUNNING", null, cancellation);
        foreach (var part in points.Chunk(MostMetrics)) await LogAsync(service, run.Id, part, cancellation);
        var status = stage.Status.ToString().ToUpperInvariant();
        if (run.Status != status || points.Count > 0) await UpdateAsync(service, run.Id, status, stage.EndedAt, cancellation);
    }

    private sealed record Point(string Key, double Value, long Time, int Step);

    private sealed record KnownRun(string Id, string Status, IReadOnlySet<string> Settings);

    private async Task<string> ExperimentAsync(TrackingService service, string name, CancellationToken cancellation)
    {
        var query = $"experiments/get-by-name?experiment_name={Uri.EscapeDataString(name)}";
        var found = await http.GetAsync(service, query, "RESOURCE_DOES_NOT_EXIST", cancellation);
        if (found is null)
        {
            var made = await http.PostAsync(service, "experiments/create", json => json.WriteString("name", name),
                "RESOURCE_ALREADY_EXISTS", cancellation);
            if (made is { } created) return created.GetProperty("experiment_id").GetString()!;
            found = await http.GetAsync(service, query, null, cancellation);
        }
        var experiment = found!.Value.GetProperty("experiment");
        return experiment.TryGetProperty("lifecycle_stage", out var stage) && stage.GetString() == "deleted"
            ? throw new TrackerException($"MLflow's experiment '{name}' is deleted: restore it, or name another 'project'.")
            : experiment.GetProperty("experiment_id").GetString()!;
    }

    private async Task<KnownRun?> FindAsync(TrackingService service, string experiment, string key, CancellationToken cancellation)
    {
        var answer = await http.PostAsync(service, "runs/search", json =>
        {
            json.WriteStartArray("experiment_ids");
            json.WriteStringValue(experiment);
            json.WriteEndArray();
            json.WriteString("filter", $"tags.`{KeyTag}` = '{key}'"); // run ids and labels have no quotes
            json.WriteNumber("max_results", 1);
            json.WriteStartArray("order_by");
            json.WriteStringValue("attributes.start_time ASC");
            json.WriteEndArray();
        }, null, cancellation);
        return answer!.Value.TryGetProperty("runs", out var runs) && runs.EnumerateArray().FirstOrDefault() is
            { ValueKind: JsonValueKind.Object } run ? Known(run) : null;
    }

    private async Task<KnownRun> CreateAsync(TrackingService service, string experiment, TrackedStage stage,
        CancellationToken cancellation)
    {
        var answer = await http.PostAsync(service, "runs/create", json =>
        {
            json.WriteString("experiment_id", experiment);
            json.WriteString("run_name", stage.Name);
            json.WriteNumber("start_time", stage.StartedAt.ToUnixTimeMilliseconds());
            json.WriteStartArray("tags");
            foreach (var (name, value) in new[] { (KeyTag, stage.Key), ("r1.run", stage.RunId), ("r1.stage", stage.Label) })
            {
                json.WriteStartObject();
                json.WriteString("key", name);
                json.WriteString("value", value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, null, cancellation);
        return Known(answer!.Value.GetProperty("run"));
    }

    private Task<JsonElement?> LogAsync(TrackingService service, string run, IReadOnlyList<Point> points, CancellationToken cancellation) =>
        http.PostAsync(service, "runs/log-batch", json =>
        {
            json.WriteStartArray("metrics");
            foreach (var point in points)
            {
                json.WriteStartObject();
                json.WriteString("key", point.Key);
                // A bare NaN would end the server's reading there, silently.
                if (double.IsFinite(point.Value)) json.WriteNumber("value", point.Value);
                else json.WriteString("value", double.IsNaN(point.Value) ? "NaN" : point.Value > 0 ? "Infinity" : "-Infinity");
                json.WriteNumber("timestamp", point.Time);
                json.WriteNumber("step", point.Step);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("run_id", run); // last: whatever is lost before it is lost with an error
        }, null, cancellation);

    private Task<JsonElement?> LogAsync(TrackingService service, string run, IReadOnlyList<KeyValuePair<string, string>> settings,
        CancellationToken cancellation) => http.PostAsync(service, "runs/log-batch", json =>
        {
            json.WriteStartArray("params");
            foreach (var (name, value) in settings)
            {
                json.WriteStartObject();
                json.WriteString("key", name);
                json.WriteString("value", value.Length > LongestParam ? value[..(LongestParam - 1)] + "…" : value);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("run_id", run);
        }, null, cancellation);

    private Task<JsonElement?> UpdateAsync(TrackingService service, string run, string status, DateTimeOffset? endedAt,
        CancellationToken cancellation) =>
        http.PostAsync(service, "runs/update", json =>
        {
            json.WriteString("run_id", run);
            json.WriteString("status", status);
            if (endedAt is { } end) json.WriteNumber("end_time", end.ToUnixTimeMilliseconds());
        }, null, cancellation);

    // A file store would keep a point twice that is sent twice, every store one whose line was recorded anew, with another time: of a
    // figure there is one point a step.
    private async Task<List<Point>> WithoutKnownAsync(TrackingService service, string run, List<Point> points,
        CancellationToken cancellation)
    {
        var known = new HashSet<(string, int)>();
        foreach (var key in points.Select(point => point.Key).Distinct())
        {
            var page = "";
            do
            {
                var which = $"run_id={Uri.EscapeDataString(run)}&metric_key={Uri.EscapeDataString(key)}";
                var answer = (await http.GetAsync(service, string.Create(CultureInfo.InvariantCulture,
                    $"metrics/get-history?{which}&max_results={MostHistory}{page}"), null, cancellation))!.Value;
                if (answer.TryGetProperty("metrics", out var history))
                {
                    foreach (var point in history.EnumerateArray())
                        known.Add((key, point.TryGetProperty("step", out var step) ? step.GetInt32() : 0));
                }
                page = answer.TryGetProperty("next_page_token", out var token) && token.GetString() is { Length: > 0 } next
                    ? $"&page_token={Uri.EscapeDataString(next)}" : "";
            }
            while (page.Length > 0);
        }
        return [.. points.Where(point => !known.Contains((point.Key, point.Step)))];
    }

    private static KnownRun Known(JsonElement run)
    {
        var info = run.GetProperty("info");
        var settings = run.TryGetProperty("data", out var data) && data.TryGetProperty("params", out var known)
            ? known.EnumerateArray().Select(setting => setting.GetProperty("key").GetString()!) : [];
        return new(info.GetProperty("run_id").GetString()!, info.GetProperty("status").GetString()!,
            settings.ToHashSet(StringComparer.Ordinal));
    }
}
