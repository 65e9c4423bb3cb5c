using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Tests.Outbound;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>
/// An MLflow server that does what the recorded one did with the calls that we make, its traps included;
/// <see cref="MlflowRecordingsTests"/> holds it to the recordings.
/// </summary>
internal sealed class MlflowStandIn : IAsyncDisposable
{
    private const string Prefix = "/api/2.0/mlflow/";

    private readonly Lock gate = new();
    private readonly Dictionary<string, Run> runs = [];
    private readonly List<(string Name, bool IsDeleted)> experiments = [("Default", false)];
    private readonly Hook hook;

    private MlflowStandIn(Hook hook) => this.hook = hook;

    public string Address => hook.Address;

    /// <summary>Keeps a point twice that is sent twice, as the old file store does.</summary>
    public bool IsFileStore { get; set; }

    /// <summary>Answers so in place of the server, where it is not null: the path, and whether the server does what it was asked.</summary>
    public Func<string, (int Status, bool Does)?> Fails { get; set; } = _ => null;

    public IReadOnlyCollection<Posted> Requests => hook.Requests;

    public IReadOnlyList<Run> Runs
    {
        get { lock (gate) return [.. runs.Values]; }
    }

    public static async Task<MlflowStandIn> StartAsync()
    {
        var hook = await Hook.StartAsync();
        var standIn = new MlflowStandIn(hook);
        hook.Answer = standIn.AnswerAsync;
        return standIn;
    }

    public ValueTask DisposeAsync() => hook.DisposeAsync();

    /// <summary>A run as the server has it.</summary>
    public sealed class Run(string id, string experiment)
    {
        public string Id { get; } = id;
        public string Experiment { get; } = experiment;
        public string Name { get; set; } = "";
        public string Status { get; set; } = "RUNNING";
        public long StartTime { get; set; }
        public long? EndTime { get; set; }
        public Dictionary<string, string> Tags { get; } = [];
        public Dictionary<string, string> Params { get; } = [];
        public List<(string Key, double Value, long Time, long Step)> Points { get; } = [];
    }

    private async Task AnswerAsync(Posted request, HttpResponse response)
    {
        var path = request.Path.Split('?')[0].Replace("//", "/", StringComparison.Ordinal);
        if (Fails(path) is { } failure)
        {
            if (failure.Does) Do(request, path);
            response.StatusCode = failure.Status;
            await response.WriteAsync("<!doctype html>");
            return;
        }
        var (status, body) = Do(request, path);
        response.StatusCode = status;
        response.ContentType = body is null ? "text/html" : "application/json";
        await response.WriteAsync(body?.ToJsonString() ?? "<!doctype html>");
    }

    private (int Status, JsonNode? Body) Do(Posted request, string path)
    {
        // Chunked bodies are read as empty.
        var body = MlflowBody.Read(request.Headers.ContainsKey("Content-Length") ? request.Body : "",
            path.EndsWith("log-metric", StringComparison.Ordinal) ? "metrics" : "");
        var query = System.Web.HttpUtility.ParseQueryString(request.Path.Contains('?', StringComparison.Ordinal)
            ? request.Path[(request.Path.IndexOf('?', StringComparison.Ordinal) + 1)..] : "");
        if (request.Method == "POST" && request.Headers.GetValueOrDefault("Content-Type") is not ("application/json"
            or "application/json; charset=utf-8")) return Error(400, "INVALID_PARAMETER_VALUE", "Bad content type");
        lock (gate)
        {
            return (request.Method, path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..] : "") switch
            {
                ("GET", "experiments/get-by-name") => ByName(query["experiment_name"]),
                ("POST", "experiments/create") => CreateExperiment(body),
                ("POST", "runs/create") => CreateRun(body),
                ("POST", "runs/search") => Search(body),
                ("POST", "runs/log-batch") => LogBatch(body, request.Body),
                ("POST", "runs/log-metric") => LogMetric(body, request.Body),
                ("POST", "runs/update") => Update(body),
                ("GET", "metrics/get-history") => History(query["run_id"], query["metric_key"]),
                _ => (404, null),
            };
        }
    }

    private (int, JsonNode?) ByName(string? name)
    {
        if (string.IsNullOrEmpty(name)) return Error(400, "INVALID_PARAMETER_VALUE", "Invalid value for parameter 'experiment_name'.");
        var place = experiments.FindIndex(experiment => experiment.Name == name);
        return place < 0 ? Error(404, "RESOURCE_DOES_NOT_EXIST", $"Could not find experiment with name '{name}'")
            : (200, new JsonObject { ["experiment"] = new JsonObject
            {
                ["experiment_id"] = Text(place), ["name"] = name, ["lifecycle_stage"] = experiments[place].IsDeleted ? "deleted" : "active",
            } });
    }

    private (int, JsonNode?) CreateExperiment(JsonObject body)
    {
        if ((string?)body["name"] is not { Length: > 0 } name)
            return Error(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'.");
        if (experiments.Exists(experiment => experiment.Name == name))
            return Error(400, "RESOURCE_ALREADY_EXISTS", $"Experiment '{name}' already exists.");
        experiments.Add((name, false));
        return (200, new JsonObject { ["experiment_id"] = Text(experiments.Count - 1) });
    }

    /// <summary>As somebody deletes an experiment.</summary>
    public void Delete(string name)
    {
        lock (gate) experiments[experiments.FindIndex(one => one.Name == name)] = (name, true);
    }

    private (int, JsonNode?) CreateRun(JsonObject body)
    {
        if ((string?)body["experiment_id"] is not { } experiment || !int.TryParse(experiment, out var place) || place >= experiments.Count)
            return Error(400, "BAD_REQUEST", "FOREIGN KEY constraint failed");
        var run = new Run(Guid.NewGuid().ToString("n"), experiment)
        {
            Name = (string?)body["run_name"] ?? "invented-name-1", StartTime = (long?)body["start_time"] ?? 0,
        };
        foreach (var tag in body["tags"]?.AsArray() ?? []) run.Tags[(string)tag!["key"]!] = (string)tag["value"]!;
        runs.Add(run.Id, run);
        return (200, new JsonObject { ["run"] = new JsonObject { ["info"] = Info(run) } });
    }

    private (int, JsonNode?) Search(JsonObject body)
    {
        var wanted = body["experiment_ids"]?.AsArray().Select(id => (string)id!).ToList() ?? [];
        var filter = System.Text.RegularExpressions.Regex.Match((string?)body["filter"] ?? "", "^tags\\.`(.+)` = '(.*)'$");
        var found = runs.Values.Where(run => wanted.Contains(run.Experiment) && (!filter.Success
                || run.Tags.GetValueOrDefault(filter.Groups[1].Value) == filter.Groups[2].Value))
            .OrderBy(run => run.StartTime).Take((int)((long?)body["max_results"] ?? 1000)).ToList();
        return (200, found.Count == 0 ? new JsonObject()
            : new JsonObject { ["runs"] = new JsonArray([.. found.Select(run => new JsonObject { ["info"] = Info(run) })]) });
    }

    private (int, JsonNode?) LogBatch(JsonObject body, string raw)
    {
        if (body.Count == 0) return (500, null);
        if ((string?)body["run_id"] is not { Length: > 0 } id)
            return Error(400, "INVALID_PARAMETER_VALUE", "Invalid value \"\" for parameter 'run_id' supplied.");
        if (!runs.TryGetValue(id, out var run)) return Error(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={id} not found");
        if (raw.Length > 1_000_000) return Error(413, "REQUEST_LIMIT_EXCEEDED", "too large");
        var metrics = body["metrics"]?.AsArray() ?? [];
        var settings = body["params"]?.AsArray() ?? [];
        if (metrics.Count > 1000 || settings.Count > 100) return Error(400, "INVALID_PARAMETER_VALUE", "too many");
        for (var place = 0; place < metrics.Count; place++)
        {
            if (!IsKey((string?)metrics[place]!["key"])) return Error(400, "INVALID_PARAMETER_VALUE", "Invalid metric name");
            if (metrics[place]!["timestamp"] is null)
                return Error(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter 'metrics[{place}].timestamp'.");
        }
        foreach (var setting in settings)
        {
            if (!IsKey((string?)setting!["key"]) || (run.Params.TryGetValue((string)setting["key"]!, out var former)
                && former != (string?)setting["value"]))
                return Error(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.");
        }
        foreach (var setting in settings) run.Params[(string)setting!["key"]!] = (string)setting["value"]!;
        foreach (var tag in body["tags"]?.AsArray() ?? []) run.Tags[(string)tag!["key"]!] = (string)tag["value"]!;
        foreach (var metric in metrics)
        {
            var point = ((string)metric!["key"]!, (double?)metric["value"] ?? 0, (long?)metric["timestamp"] ?? 0,
                (long?)metric["step"] ?? 0);
            if (IsFileStore || !run.Points.Contains(point)) run.Points.Add(point);
        }
        return (200, new JsonObject());
    }

    private (int, JsonNode?) LogMetric(JsonObject body, string raw)
    {
        if (body.Count == 0) return Error(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'.");
        var (batch, id) = (new JsonObject(), (string?)body["run_id"]);
        body.Remove("run_id");
        (batch["run_id"], batch["metrics"]) = (id, new JsonArray(body.DeepClone()));
        return LogBatch(batch, raw);
    }

    private (int, JsonNode?) Update(JsonObject body)
    {
        if ((string?)body["run_id"] is not { } id)
            return Error(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'.");
        if (!runs.TryGetValue(id, out var run)) return Error(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={id} not found");
        if ((string?)body["status"] is "RUNNING" or "FINISHED" or "FAILED" or "KILLED" or "SCHEDULED") run.Status = (string)body["status"]!;
        run.EndTime = (long?)body["end_time"] ?? run.EndTime;
        return (200, new JsonObject { ["run_info"] = Info(run) });
    }

    private (int, JsonNode?) History(string? id, string? key)
    {
        var points = id is not null && runs.TryGetValue(id, out var run) ? run.Points.Where(point => point.Key == key)
            .OrderBy(point => point.Time).ThenBy(point => point.Step).ThenBy(point => point.Value).ToList() : [];
        return (200, points.Count == 0 ? new JsonObject() : new JsonObject { ["metrics"] = new JsonArray([.. points.Select(point =>
            new JsonObject { ["key"] = point.Key, ["value"] = Value(point.Value), ["timestamp"] = point.Time, ["step"] = point.Step })]) });
    }

    private static JsonNode Value(double value) => double.IsNaN(value) ? "NaN" : double.IsInfinity(value)
        ? (value > 0 ? double.MaxValue : double.MinValue) : value;

    private static bool IsKey(string? key) => key is { Length: > 0 and <= 250 }
        && key.EnumerateRunes().All(rune => Rune.IsLetterOrDigit(rune) || "_-.:/ ".Contains(rune.ToString(), StringComparison.Ordinal))
        && key.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));

    private static JsonObject Info(Run run)
    {
        var info = new JsonObject { ["run_uuid"] = run.Id, ["experiment_id"] = run.Experiment, ["run_name"] = run.Name, ["user_id"] = "",
            ["status"] = run.Status, ["start_time"] = run.StartTime };
        if (run.EndTime is { } end) info["end_time"] = end;
        info["lifecycle_stage"] = "active";
        info["run_id"] = run.Id;
        return info;
    }

    private static (int, JsonNode?) Error(int status, string code, string message) =>
        (status, new JsonObject { ["error_code"] = code, ["message"] = message });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Bodies as the recorded server reads them: a value that it cannot read ends the reading there, and what comes after is lost without a
/// word.
/// </summary>
internal static class MlflowBody
{
    private static readonly string[] Numbers = ["value", "timestamp", "step", "start_time", "end_time", "max_results"];

    private static readonly Dictionary<string, double> NotFinite = new()
    {
        ["NaN"] = double.NaN, ["Infinity"] = double.PositiveInfinity, ["-Infinity"] = double.NegativeInfinity,
    };

    /// <summary>Reads as far as it goes; an empty object where it is none.</summary>
    /// <param name="text">The body.</param>
    /// <param name="field">The field that it would be an entry of, in a batch.</param>
    public static JsonObject Read(string text, string field)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? (JsonObject)Value(ref reader, field, out _)! : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static JsonNode? Value(ref Utf8JsonReader reader, string field, out bool ends)
    {
        ends = false;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var made = new JsonObject();
                while (TryRead(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = reader.GetString()!;
                    if (!TryRead(ref reader)) return Ended(made, out ends, name, field);
                    var value = Value(ref reader, name == "value" && field != "metrics" ? "text" : name, out ends);
                    if (value is not null) made[name] = value;
                    if (ends) return value is null ? Ended(made, out ends, name, field) : made;
                }
                ends = reader.TokenType != JsonTokenType.EndObject;
                return made;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (TryRead(ref reader) && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Value(ref reader, field, out ends));
                    if (ends) return list;
                }
                ends = reader.TokenType != JsonTokenType.EndArray;
                return list;
            case JsonTokenType.Number when Numbers.Contains(field):
                return field != "value" && reader.TryGetInt64(out var whole)
                    ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.String when field == "value" && NotFinite.TryGetValue(reader.GetString()!, out var notFinite):
                return JsonValue.Create(notFinite);
            case JsonTokenType.String when Numbers.Contains(field) && field != "value"
                && long.TryParse(reader.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number):
                return number;
            case JsonTokenType.String when !Numbers.Contains(field):
                return reader.GetString();
            default:
                ends = true;
                return null;
        }
    }

    // The entry at which the reading ended is kept with zeros for what it has lost.
    private static JsonObject Ended(JsonObject made, out bool ends, string name, string within)
    {
        ends = true;
        if (within == "metrics" && name == "value") (made["value"], made["timestamp"], made["step"]) = (JsonValue.Create(0.0),
            made["timestamp"]?.DeepClone() ?? JsonValue.Create(0L), made["step"]?.DeepClone() ?? JsonValue.Create(0L));
        return made;
    }

    private static bool TryRead(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
