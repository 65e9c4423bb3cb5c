using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Tests.Outbound;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>
/// An MLflow server that does what the recorded one did, its traps included; <see cref="MlflowRecordingsTests"/> holds it to the
/// recordings. It has no artifacts, models and data sets.
/// </summary>
internal sealed class MlflowStandIn : IAsyncDisposable
{
    private const string Prefix = "/api/2.0/mlflow/", NotIn = "You are not authenticated.", Denied = "Permission denied";

    private readonly Lock gate = new();
    private readonly MlflowStore store = new();
    private readonly Hook hook;

    private MlflowStandIn(Hook hook) => this.hook = hook;

    public string Address => hook.Address;

    /// <summary>Keeps a point twice that is sent twice, as the old file store does.</summary>
    public bool IsFileStore
    {
        get => store.IsFileStore;
        set => store.IsFileStore = value;
    }

    /// <summary>Bytes of a request that it takes; the recorded server had no limit, Databricks documents one.</summary>
    public int LongestRequest { get; set; } = int.MaxValue;

    /// <summary>Who may log in, with which password; the first is the administrator. Nobody has to where it is empty.</summary>
    public Dictionary<string, string> Users { get; } = [];

    /// <summary>Gives the ids and names that a server makes up.</summary>
    public Func<string, string> Invents { get; set; } = what => what == "run_name" ? "invented-name-1" : Guid.NewGuid().ToString("n");

    /// <summary>Answers so in place of the server, where it is not null: the path, and whether the server does what it was asked.</summary>
    public Func<string, (int Status, bool Does)?> Fails { get; set; } = _ => null;

    public IReadOnlyCollection<Posted> Requests => hook.Requests;

    public IReadOnlyList<MlflowRun> Runs
    {
        get { lock (gate) return [.. store.Runs.Values]; }
    }

    public static async Task<MlflowStandIn> StartAsync()
    {
        var hook = await Hook.StartAsync();
        var standIn = new MlflowStandIn(hook);
        hook.Answer = standIn.AnswerAsync;
        return standIn;
    }

    public ValueTask DisposeAsync() => hook.DisposeAsync();

    /// <summary>As somebody deletes an experiment.</summary>
    public void Delete(string name)
    {
        lock (gate) store.ExperimentOfName(name).IsDeleted = true;
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
        var (status, type, body) = Do(request, path);
        response.StatusCode = status;
        response.ContentType = type;
        if (status == 401) response.Headers.WWWAuthenticate = "Basic realm=\"mlflow\"";
        await response.WriteAsync(body);
    }

    private (int Status, string Type, string Body) Do(Posted request, string path)
    {
        if (path == "/health") return (200, "text/html", "OK");
        if (Guarded(request, path) is { } guarded) return guarded;
        if (path == "/version") return (200, "text/html", "3.17.2");
        var call = MlflowCall.Find(path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..] : "");
        if (call is null) return Page(404);
        if (call.Method != request.Method) return Page(405);
        lock (gate)
        {
            try
            {
                return (200, "application/json", (call.Method == "GET" ? Get(call, request) : Post(call, request)).ToJsonString());
            }
            catch (MlflowRefusal refusal)
            {
                return refusal.Code.Length == 0 ? Page(refusal.Status) : (refusal.Status, "application/json",
                    new JsonObject { ["error_code"] = refusal.Code, ["message"] = refusal.Message }.ToJsonString());
            }
        }
    }

    private static (int, string, string) Page(int status) => (status, "text/html; charset=utf-8", "<!doctype html>");

    // What stands before the calls: whose page asks, at which name, and who it is.
    private (int, string, string)? Guarded(Posted request, string path)
    {
        if (!Regex.IsMatch(request.Headers["Host"], "^(localhost|127\\.|192\\.168\\.)"))
            return (403, "text/plain", "Invalid Host header - possible DNS rebinding attack detected");
        if (request.Headers.TryGetValue("Origin", out var origin) && !origin.StartsWith("http://localhost", StringComparison.Ordinal))
            return (403, "text/plain", "Cross-origin request blocked");
        if (request.Headers.ContainsKey("X-MLFLOW-WORKSPACE"))
            return (500, "application/json", """{ "error_code": "FEATURE_DISABLED", "message": "workspaces are not enabled" }""");
        if (Users.Count == 0) return null;
        if (UserOf(request) is not { } user) return (401, "text/html; charset=utf-8", NotIn);
        return user == Users.Keys.First() || MayAsk(user, request, path) ? null : (403, "text/html; charset=utf-8", Denied);
    }

    private string? UserOf(Posted request) => Users.Where(user => request.Headers.GetValueOrDefault("Authorization")
        == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user.Key}:{user.Value}"))).Select(user => user.Key).FirstOrDefault();

    // Others may read everything that there is and write to what is their own.
    private bool MayAsk(string user, Posted request, string path)
    {
        if (path.EndsWith("experiments/create", StringComparison.Ordinal)) return true;
        var asked = request.Method == "GET" ? null : MlflowMessage.Of(request.Body, MlflowCall.Named)?.Raw;
        var run = store.Runs.GetValueOrDefault((string?)asked?["run_id"] ?? Query(request)["run_id"] ?? "");
        if (request.Method == "GET") return Query(request)["run_id"] is null || run is not null;
        var experiment = (string?)asked?["experiment_id"] ?? run?.Experiment;
        return store.Experiments.Exists(one => one.Id == experiment && one.Owner == user);
    }

    private static System.Collections.Specialized.NameValueCollection Query(Posted request) => System.Web.HttpUtility.ParseQueryString(
        request.Path.Contains('?', StringComparison.Ordinal) ? request.Path[request.Path.IndexOf('?', StringComparison.Ordinal)..] : "");

    private JsonObject Get(MlflowCall call, Posted request)
    {
        var query = Query(request);
        foreach (var field in call.Fields.Where(field => field.IsRequired))
        {
            if (string.IsNullOrEmpty(query[field.Name] ?? (field.Name == "run_id" ? query["run_uuid"] : null)))
                throw MlflowRefusal.Bad($"Missing value for required parameter '{field.Name}'.");
        }
        switch (call.Name)
        {
            case "experiments/get":
                return Shown(store.Experiment(query["experiment_id"]));
            case "experiments/get-by-name":
                return Shown(store.ExperimentOfName(query["experiment_name"]!));
            case "runs/get":
                return new JsonObject { ["run"] = store.Whole(store.Run(query["run_id"] ?? query["run_uuid"])) };
            default:
                var most = long.TryParse(query["max_results"], CultureInfo.InvariantCulture, out var asked) ? asked : int.MaxValue;
                if (most <= 0) throw MlflowRefusal.Bad($"Invalid value {most} for parameter 'max_results' supplied.");
                var points = !store.Runs.TryGetValue(query["run_id"]!, out var run) ? [] : run.Points
                    .Where(point => point.Key == query["metric_key"])
                    .OrderBy(point => point.Time).ThenBy(point => point.Step).ThenBy(point => point.Value).ToList();
                var (page, next) = MlflowStore.Page(points, most, query["page_token"]);
                return Listed("metrics", [.. page.Select(point => store.Json(run!, point))], next);
        }
    }

    private JsonObject Post(MlflowCall call, Posted request)
    {
        if (request.Headers.GetValueOrDefault("Content-Type") is not ("application/json" or "application/json; charset=utf-8"))
            throw MlflowRefusal.Bad("Bad Request. Content-Type must be one of ['application/json'].");
        if (Encoding.UTF8.GetByteCount(request.Body) > LongestRequest)
            throw new MlflowRefusal(413, "REQUEST_LIMIT_EXCEEDED", "The request is too large.");
        // Chunked bodies are read as empty.
        var body = request.Headers.ContainsKey("Content-Length") ? request.Body : "";
        var message = MlflowMessage.Of(body, call.Fields);
        // Here the server falls over its own feet.
        if (call.Name == "runs/log-batch" && (message is null || message.Raw.ContainsKey("metrics") && message.Raw["metrics"] is null))
            throw new MlflowRefusal(500, "", "");
        message ??= MlflowMessage.Of("{}", call.Fields)!;
        if (message.Refused(call.Fields) is { } field) throw MlflowRefusal.Bad($"Missing or invalid value for parameter '{field}'");
        var asked = message.Read;
        return call.Name switch
        {
            "experiments/create" => new JsonObject { ["experiment_id"] = Create(request, asked).Id },
            "experiments/delete" => Done(() => store.Experiment(Text(asked, "experiment_id")).IsDeleted = true),
            "experiments/restore" => Done(() => Restore(store.Experiment(Text(asked, "experiment_id")))),
            "experiments/set-experiment-tag" =>
                Done(() => store.Experiment(Text(asked, "experiment_id")).Tags[Text(asked, "key")!] = Text(asked, "value")!),
            "runs/create" => Created(store.AddRun(Invents("run_id"), Invents("run_name"), asked)),
            "runs/search" => Search(asked),
            "runs/log-batch" => Done(() => store.Log(store.Run(Text(asked, "run_id"), isWritten: true), asked)),
            "runs/log-metric" => Done(() => LogOne(asked, "metrics")),
            "runs/log-parameter" => Done(() => LogOne(asked, "params")),
            "runs/set-tag" => Done(() => LogOne(asked, "tags")),
            "runs/delete-tag" => Done(() => DeleteTag(asked)),
            "runs/delete" => Done(() => store.Run(Text(asked, "run_id")).IsDeleted = true),
            "runs/restore" => Done(() => store.Run(Text(asked, "run_id")).IsDeleted = false),
            _ => new JsonObject { ["run_info"] = MlflowStore.Info(Update(asked)) },
        };
    }

    private MlflowExperiment Create(Posted request, JsonObject asked)
    {
        var made = store.AddExperiment(IsFileStore ? Invents("experiment_id")
            : store.Experiments.Count.ToString(CultureInfo.InvariantCulture), Text(asked, "name")!);
        made.Owner = UserOf(request);
        foreach (var tag in asked["tags"]?.AsArray() ?? []) made.Tags[(string)tag!["key"]!] = (string)tag["value"]!;
        return made;
    }

    private static void Restore(MlflowExperiment experiment)
    {
        if (!experiment.IsDeleted) throw MlflowRefusal.Missing($"No Experiment with id={experiment.Id} exists");
        experiment.IsDeleted = false;
    }

    private JsonObject Search(JsonObject asked)
    {
        var most = (long?)asked["max_results"] ?? 1000;
        if (most > 50_000) throw MlflowRefusal.Bad($"Invalid value {most} for parameter 'max_results' supplied");
        var experiments = asked["experiment_ids"]?.AsArray().Select(id => (string)id!).ToList() ?? [];
        var view = Text(asked, "run_view_type") ?? "ACTIVE_ONLY";
        var isMeant = Filter(Text(asked, "filter"));
        var found = store.Runs.Values.Where(run => experiments.Contains(run.Experiment) && isMeant(run)
            && (view == "ALL" || run.IsDeleted == (view == "DELETED_ONLY")));
        found = asked["order_by"]?.AsArray().FirstOrDefault()?.ToString().EndsWith(" ASC", StringComparison.Ordinal) == true
            ? found.OrderBy(run => run.StartTime) : found.OrderByDescending(run => run.StartTime);
        var (page, next) = MlflowStore.Page(
            ((IOrderedEnumerable<MlflowRun>)found).ThenBy(run => run.Id, StringComparer.Ordinal).ToList(), most, Text(asked, "page_token"));
        return Listed("runs", [.. page.Select(store.Whole)], next);
    }

    private static Func<MlflowRun, bool> Filter(string? filter)
    {
        if (string.IsNullOrEmpty(filter)) return _ => true;
        var match = Regex.Match(filter, "^(?:tags\\.`(?<tag>[^`]+)`|tags\\.(?<tag>\\w+)|attributes\\.(?<name>run_name)) = '(?<value>.*)'$");
        if (!match.Success) throw MlflowRefusal.Bad("Invalid attribute key specified.");
        var value = match.Groups["value"].Value;
        return match.Groups["tag"] is { Success: true } tag
            ? run => run.Tags.GetValueOrDefault(tag.Value) == value : run => run.Name == value;
    }

    private void LogOne(JsonObject asked, string list)
    {
        var run = store.Run(Text(asked, "run_id") ?? Text(asked, "run_uuid"), isWritten: true);
        store.Log(run, new JsonObject { [list] = new JsonArray(asked.DeepClone()) });
    }

    private void DeleteTag(JsonObject asked)
    {
        if (!store.Run(Text(asked, "run_id"), isWritten: true).Tags.Remove(Text(asked, "key")!))
            throw MlflowRefusal.Missing("No tag with that name");
    }

    private MlflowRun Update(JsonObject asked)
    {
        var run = store.Run(Text(asked, "run_id") ?? Text(asked, "run_uuid"), isWritten: true);
        run.Status = Text(asked, "status") ?? run.Status;
        run.EndTime = (long?)asked["end_time"] ?? run.EndTime;
        if (Text(asked, "run_name") is { Length: > 0 } name) MlflowStore.SetTag(run, "mlflow.runName", name);
        return run;
    }

    private JsonObject Created(MlflowRun run)
    {
        var made = store.Whole(run);
        if (!IsFileStore) made.Remove("outputs");
        return new JsonObject { ["run"] = made };
    }

    private static JsonObject Shown(MlflowExperiment experiment)
    {
        var shown = new JsonObject
        {
            ["experiment_id"] = experiment.Id, ["name"] = experiment.Name, ["artifact_location"] = $"mlflow-artifacts:/{experiment.Id}",
            ["lifecycle_stage"] = experiment.IsDeleted ? "deleted" : "active", ["workspace"] = "default",
        };
        if (experiment.Tags.Count > 0) shown["tags"] = MlflowStore.List(experiment.Tags);
        return new JsonObject { ["experiment"] = shown };
    }

    private static JsonObject Listed(string name, JsonArray list, string? next)
    {
        var made = new JsonObject();
        if (list.Count > 0) made[name] = list;
        if (next is not null) made["next_page_token"] = next;
        return made;
    }

    private static JsonObject Done(Action does)
    {
        does();
        return [];
    }

    private static string? Text(JsonObject asked, string name) => (string?)asked[name];
}
