using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>A run as an MLflow server has it.</summary>
internal sealed class MlflowRun(string id, string experiment)
{
    public string Id { get; } = id;
    public string Experiment { get; } = experiment;
    public string Name { get; set; } = "";
    public string User { get; set; } = "";
    public string Status { get; set; } = "RUNNING";
    public long StartTime { get; set; }
    public long? EndTime { get; set; }
    public bool IsDeleted { get; set; }
    public Dictionary<string, string> Tags { get; } = [];
    public Dictionary<string, string> Params { get; } = [];
    public List<(string Key, double Value, long Time, long Step)> Points { get; } = [];
}

/// <summary>An experiment as an MLflow server has it.</summary>
internal sealed class MlflowExperiment(string id, string name)
{
    public string Id { get; } = id;
    public string Name { get; } = name;
    public string? Owner { get; set; }
    public bool IsDeleted { get; set; }
    public Dictionary<string, string> Tags { get; } = [];
}

/// <summary>An answer other than 200.</summary>
internal sealed class MlflowRefusal(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;
    public string Code { get; } = code;

    public static MlflowRefusal Bad(string message) => new(400, "INVALID_PARAMETER_VALUE", message);

    public static MlflowRefusal Missing(string message) => new(404, "RESOURCE_DOES_NOT_EXIST", message);
}

/// <summary>What an MLflow server keeps, and its rules.</summary>
internal sealed class MlflowStore
{
    private const int LongestKey = 250, LongestParam = 6000, LongestTag = 8000, MostEntries = 1000, MostMetrics = 1000, MostOthers = 100;

    public List<MlflowExperiment> Experiments { get; } = [new("0", "Default")];

    public Dictionary<string, MlflowRun> Runs { get; } = [];

    /// <summary>Keeps a point twice that is sent twice, as the old file store does.</summary>
    public bool IsFileStore { get; set; }

    public MlflowExperiment Experiment(string? id) => Experiments.Find(one => one.Id == id)
        ?? throw (id is null ? new MlflowRefusal(400, "BAD_REQUEST", "FOREIGN KEY constraint failed")
            : MlflowRefusal.Missing($"No Experiment with id={id} exists"));

    public MlflowExperiment ExperimentOfName(string name) => Experiments.Find(one => one.Name == name)
        ?? throw MlflowRefusal.Missing($"Could not find experiment with name '{name}'");

    public MlflowExperiment AddExperiment(string id, string name)
    {
        if (name.Length > 500) throw MlflowRefusal.Bad("'name' exceeds the maximum length of 500 characters");
        if (Experiments.Exists(one => one.Name == name))
            throw new MlflowRefusal(400, "RESOURCE_ALREADY_EXISTS", $"Experiment(name={name}) already exists.");
        Experiments.Add(new(id, name));
        return Experiments[^1];
    }

    public MlflowRun Run(string? id, bool isWritten = false)
    {
        if (string.IsNullOrEmpty(id)) throw MlflowRefusal.Bad("Invalid value \"\" for parameter 'run_id' supplied.");
        if (!Runs.TryGetValue(id, out var run)) throw MlflowRefusal.Missing($"Run with id={id} not found");
        return isWritten && run.IsDeleted
            ? throw MlflowRefusal.Bad($"The run {id} must be in the 'active' state. Current state is deleted.") : run;
    }

    public MlflowRun AddRun(string id, string inventedName, JsonObject asked)
    {
        var experiment = Experiment((string?)asked["experiment_id"]);
        if (experiment.IsDeleted)
            throw MlflowRefusal.Bad($"The experiment {experiment.Id} must be in the 'active' state. Current state is deleted.");
        var tags = Pairs(asked["tags"]).ToList();
        var (name, tagged) = ((string?)asked["run_name"] ?? "", tags.Find(tag => tag.Key == "mlflow.runName").Value ?? "");
        if (name.Length > 0 && tagged.Length > 0 && name != tagged)
            throw MlflowRefusal.Bad("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values");
        if (name.Length == 0) name = tagged.Length > 0 ? tagged : inventedName;
        var run = new MlflowRun(id, experiment.Id)
        {
            Name = name, User = (string?)asked["user_id"] ?? "", StartTime = (long?)asked["start_time"] ?? 0,
        };
        foreach (var tag in tags) run.Tags[tag.Key] = tag.Value;
        run.Tags["mlflow.runName"] = name;
        Runs.Add(id, run);
        return run;
    }

    /// <summary>All of a batch, or nothing of it.</summary>
    public void Log(MlflowRun run, JsonObject batch)
    {
        var points = (batch["metrics"]?.AsArray() ?? []).Select(PointOf).ToList();
        var (settings, tags) = (Pairs(batch["params"]).ToList(), Pairs(batch["tags"]).ToList());
        if (points.Count > MostMetrics || settings.Count > MostOthers || tags.Count > MostOthers
            || points.Count + settings.Count + tags.Count > MostEntries)
            throw MlflowRefusal.Bad("A batch logging request can contain at most so many entries. Please split up");
        foreach (var key in points.Select(point => point.Key).Concat(settings.Select(one => one.Key)).Concat(tags.Select(tag => tag.Key)))
            if (!IsKey(key)) throw MlflowRefusal.Bad($"Invalid value \"{key}\" for parameter supplied");
        if (points.Exists(point => point.Time < 0)) throw MlflowRefusal.Bad("Timestamp must be a nonnegative long (64-bit integer)");
        if (settings.DistinctBy(one => one.Key).Count() < settings.Count)
            throw MlflowRefusal.Bad("Duplicate parameter keys have been submitted");
        foreach (var (key, value) in settings)
        {
            if (run.Params.TryGetValue(key, out var former) && former != Cut(value, LongestParam))
                throw new MlflowRefusal(IsFileStore ? 500 : 400, IsFileStore ? "INTERNAL_ERROR" : "INVALID_PARAMETER_VALUE",
                    "Changing param values is not allowed.");
        }
        foreach (var (key, value) in settings) run.Params[key] = Cut(value, LongestParam);
        foreach (var (key, value) in tags) SetTag(run, key, value);
        foreach (var point in points.Where(point => IsFileStore || !run.Points.Contains(point))) run.Points.Add(point);
    }

    public static void SetTag(MlflowRun run, string key, string value)
    {
        run.Tags[key] = Cut(value, LongestTag);
        if (key == "mlflow.runName") run.Name = value;
    }

    public static JsonObject Info(MlflowRun run)
    {
        var info = new JsonObject
        {
            ["run_uuid"] = run.Id, ["experiment_id"] = run.Experiment, ["run_name"] = run.Name, ["user_id"] = run.User,
            ["status"] = run.Status, ["start_time"] = run.StartTime,
        };
        if (run.EndTime is { } end) info["end_time"] = end;
        info["artifact_uri"] = $"mlflow-artifacts:/{run.Experiment}/{run.Id}/artifacts";
        info["lifecycle_stage"] = run.IsDeleted ? "deleted" : "active";
        info["run_id"] = run.Id;
        return info;
    }

    /// <summary>A run with what it has; of each figure the point with the highest step. Empty lists are left out.</summary>
    public JsonObject Whole(MlflowRun run)
    {
        var data = new JsonObject();
        var latest = run.Points.GroupBy(point => point.Key).Select(of => of.MaxBy(point => (point.Step, point.Time, point.Value))).ToList();
        if (latest.Count > 0) data["metrics"] = new JsonArray([.. latest.Select(point => Json(run, point))]);
        if (run.Params.Count > 0) data["params"] = List(run.Params);
        if (run.Tags.Count > 0) data["tags"] = List(run.Tags);
        return new JsonObject { ["info"] = Info(run), ["data"] = data, ["inputs"] = new JsonObject(), ["outputs"] = new JsonObject() };
    }

    public static JsonArray List(IReadOnlyDictionary<string, string> pairs) =>
        new([.. pairs.Select(pair => new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value })]);

    public JsonObject Json(MlflowRun run, (string Key, double Value, long Time, long Step) point)
    {
        var json = new JsonObject
        {
            ["key"] = point.Key, ["value"] = double.IsNaN(point.Value) ? "NaN" : Math.Clamp(point.Value, double.MinValue, double.MaxValue),
            ["timestamp"] = point.Time, ["step"] = point.Step,
        };
        if (IsFileStore) json["run_id"] = run.Id;
        return json;
    }

    // What was lost on the way is a zero.
    private static (string Key, double Value, long Time, long Step) PointOf(JsonNode? entry) => ((string?)entry!["key"] ?? "",
        (double?)entry["value"] + 0.0 ?? 0, (long?)entry["timestamp"] ?? 0, (long?)entry["step"] ?? 0);

    private static IEnumerable<KeyValuePair<string, string>> Pairs(JsonNode? list) => (list?.AsArray() ?? [])
        .Select(entry => KeyValuePair.Create((string?)entry!["key"] ?? "", (string?)entry["value"] ?? ""));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    private static bool IsKey(string key) => key.Length is > 0 and <= LongestKey
        && key.EnumerateRunes().All(rune => Rune.IsLetterOrDigit(rune) || "_-.:/ ".Contains(rune.ToString(), StringComparison.Ordinal))
        && key.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));

    /// <summary>A page of a list and, where there may be more, where the next one begins.</summary>
    public static (IReadOnlyList<T> Page, string? Next) Page<T>(IReadOnlyList<T> all, long most, string? token)
    {
        var from = token is { Length: > 0 } ? OffsetOf(token) : 0;
        var page = all.Skip(from).Take((int)most).ToList();
        var next = from + page.Count;
        var place = string.Create(CultureInfo.InvariantCulture, $"{{\"offset\": {next}}}");
        return (page, next < all.Count ? Convert.ToBase64String(Encoding.UTF8.GetBytes(place)) : null);
    }

    private static int OffsetOf(string token)
    {
        try
        {
            return (int)JsonNode.Parse(Convert.FromBase64String(token))!["offset"]!;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw MlflowRefusal.Bad("Invalid page token, could not base64-decode");
        }
    }
}
