using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.InferenceServers.Sglang;

/// <summary>A server as SGLang 0.5.23 was recorded: what it is asked for is answered with the same statuses and fields.</summary>
public sealed partial class StandInSglang : StandInServer
{
    private readonly StandInOptions options;
    private readonly SglangFlights flights;
    private readonly SglangRules rules;
    private readonly SglangAdapters adapters;
    private string path, version, drawnBy; // the folder; the version told; that of the weights that draw
    private bool dead, poisoned, unwell, released;

    private StandInSglang(string folder, StandInOptions options) : base(folder, options)
    {
        (this.options, path) = (options, folder);
        (flights, rules, adapters) = (new(options.Concurrency), new(options, MaxLength), new(options));
        version = drawnBy = options.WeightVersion ?? "default";
    }

    /// <summary>Starts one in this process.</summary>
    public static Task<StandInSglang> StartAsync(string folder, StandInOptions? options = null) =>
        BeginAsync(new StandInSglang(folder, options ?? new()));

    /// <inheritdoc/>
    protected override async Task AnswerAsync(HttpContext context)
    {
        var route = context.Request.Path.Value!;
        if (dead)
        {
            context.Abort();
            return;
        }
        if (!Allowed(context, route))
        {
            await WriteAsync(context, 401, new JsonObject { ["error"] = "Unauthorized" });
            return;
        }
        JsonObject? body = null;
        if (context.Request.ContentLength > 0)
        {
            try
            {
                body = context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) == true
                    ? (JsonObject)(await JsonNode.ParseAsync(context.Request.Body))! : null;
            }
            catch (JsonException)
            {
                body = null;
            }
            if (body is null)
            {
                await WriteAsync(context, 400, SglangRules.Validation("'type': 'json_invalid', 'loc': ('body', 17)"));
                return;
            }
        }
        await RouteAsync(context, route, body);
    }

    private bool Allowed(HttpContext context, string route)
    {
        if (route is "/health" or "/health_generate" or "/ready" or "/metrics") return true;
        var own = route is "/generate" or "/model_info" or "/get_model_info" or "/server_info" or "/v1/models" or "/v1/loads";
        var key = own ? Key : options.ControlKey ?? Key;
        return key is null || context.Request.Headers.Authorization == $"Bearer {key}";
    }

    private Task RouteAsync(HttpContext context, string route, JsonObject? body) => (context.Request.Method, route) switch
    {
        ("GET", "/health" or "/health_generate") => HealthAsync(context),
        ("GET", "/ready") => EmptyAsync(context, unwell || flights.Paused is not null || Hangs ? 503 : 200),
        ("GET", "/metrics") => TextAsync(context, Metrics(), kind: "text/plain; version=0.0.4; charset=utf-8"),
        ("GET", "/model_info" or "/get_model_info") => WriteAsync(context, 200, SglangViews.Model(Model.Config, path, Folder, version)),
        ("POST" or "PUT", "/generate") => GenerateAsync(context, body ?? []),
        ("GET" or "POST", "/abort_request") => AbortAsync(context, body ?? []),
        (_, "/generate") => WriteAsync(context, 405, new JsonObject { ["detail"] = "Method Not Allowed" }),
        _ when Hangs => NeverAsync(context.RequestAborted),
        ("GET", "/server_info") => WriteAsync(context, 200,
            SglangViews.Server(options, Model.Config, path, version, MaxLength, rules.MaxInput)),
        ("GET", "/v1/loads") => WriteAsync(context, 200, SglangViews.Loads(options.Replicas, flights)),
        ("GET", "/v1/models") => WriteAsync(context, 200, SglangViews.Models(path, MaxLength, adapters.Loaded)),
        ("POST", "/update_weights_from_disk") => UpdateAsync(context, body ?? []),
        ("POST", "/update_weights_from_tensor") => TextAsync(context, "Internal Server Error", 500, "text/plain; charset=utf-8"),
        ("POST", "/update_weight_version") => NameAsync(context, body ?? []),
        ("GET" or "POST", "/weights_checker") => CheckAsync(context, body ?? []),
        ("GET" or "POST", "/get_weights_by_name") => NumbersAsync(context, body ?? []),
        ("POST", "/pause_generation") => PauseAsync(context, body ?? []),
        ("POST", "/continue_generation") => ContinueAsync(context),
        ("GET" or "POST", "/flush_cache") => FlushAsync(context),
        ("POST", "/slow_down") => SlowAsync(context, body ?? []),
        ("GET" or "POST", "/release_memory_occupation") => ReleaseAsync(context, body),
        ("GET" or "POST", "/resume_memory_occupation") => ResumeAsync(context, body),
        ("POST", "/load_lora_adapter") => AdapterAsync(context, body ?? []),
        ("POST", "/unload_lora_adapter") => LetGoAsync(context, body ?? []),
        _ => WriteAsync(context, 404, new JsonObject { ["detail"] = "Not Found" }),
    };

    // Draws a token: one that is paused or hangs says after a while that it is not well.
    private async Task HealthAsync(HttpContext context)
    {
        unwell = flights.Paused is not null || Hangs;
        if (unwell) await Task.Delay(options.HealthLimit, context.RequestAborted);
        await EmptyAsync(context, unwell ? 503 : 200);
    }

    private async Task UpdateAsync(HttpContext context, JsonObject body)
    {
        if ((string?)body["model_path"] is not { } folder)
        {
            await WriteAsync(context, 400, SglangRules.Validation("'type': 'missing', 'msg': 'Field required'"));
            return;
        }
        if (!Directory.Exists(folder))
        {
            await UpdatedAsync(context, false, "Failed to get weights iterator: Repo id must be in the form 'repo_name' or "
                + $"'namespace/repo_name': '{folder}'. Use `repo_type` argument if needed..", "");
            return;
        }
        flights.Changing = true;
        try
        {
            if ((bool?)body["abort_all_requests"] == true) flights.Abort(null);
            if (flights.Paused is null) await flights.IdleAsync();
            NoteLoaded(folder);
            poisoned = await LockedAsync(() =>
            {
                Model.Reload(folder);
                return Model.IsPoisoned();
            });
        }
        catch (Exception e) when (e is WeightsFormatException or BadInputException or IOException)
        {
            await DieAsync(context); // what was there before is not read back
            return;
        }
        finally
        {
            flights.Changing = false;
        }
        path = folder;
        var named = (string?)body["weight_version"];
        drawnBy = Faults.KeepsVersion ? drawnBy : named ?? drawnBy;
        if (((bool?)body["flush_cache"] ?? true) && !flights.CanFlush)
        {
            await UpdatedAsync(context, false, "Weights were updated, but the cache was not flushed because requests are still running or "
                + "queued. Retract or finish them, then call /flush_cache.", "");
            return;
        }
        version = named ?? version;
        await UpdatedAsync(context, true, "Succeeded to update model weights.",
            named is null ? "" : $" Weight version updated to {named}.");
    }

    private Task UpdatedAsync(HttpContext context, bool success, string message, string after) =>
        WriteAsync(context, success ? 200 : 400, new JsonObject
        {
            ["success"] = success, ["message"] = string.Join(" | ", Enumerable.Repeat(message, options.Replicas)) + after,
            ["num_paused_requests"] = options.Replicas == 1 ? 0
                : new JsonArray([.. Enumerable.Repeat(0, options.Replicas).Select(zero => (JsonNode)zero)]),
        });

    private async Task NameAsync(HttpContext context, JsonObject body)
    {
        if ((bool?)body["abort_all_requests"] ?? true) flights.Abort(null);
        version = (string)body["new_version"]!;
        if (!Faults.KeepsVersion) drawnBy = version;
        await WriteAsync(context, 200, new JsonObject
        {
            ["success"] = true, ["message"] = $"Weight version updated to {version}", ["new_version"] = version,
        });
    }

    private async Task CheckAsync(HttpContext context, JsonObject body)
    {
        var action = (string?)body["action"] ?? "checksum";
        if (action == "compare") await FailAsync(context, "Torch not compiled with CUDA enabled");
        else if (action is not ("checksum" or "snapshot")) await FailAsync(context, $"Unsupported action='{action}'");
        else
        {
            var answer = new JsonObject
            {
                ["success"] = true, ["message"] = string.Join(" | ", Enumerable.Repeat("Success.", options.Replicas)),
            };
            if (action == "checksum")
            {
                var digests = await LockedAsync(() => Model.Digests(Type));
                SglangViews.Checksums(answer, options.Replicas, digests);
            }
            await WriteAsync(context, 200, answer);
        }
    }

    private static Task FailAsync(HttpContext context, string message) =>
        WriteAsync(context, 400, new JsonObject { ["success"] = false, ["message"] = message });

    private static JsonNode? Number(float value) => float.IsFinite(value) ? JsonValue.Create(value) : null;

    private async Task NumbersAsync(HttpContext context, JsonObject body)
    {
        var rows = await LockedAsync(() => Model.Rows((string)body["name"]!, (int?)body["truncate_size"] ?? 100));
        if (rows is null) await ErrorAsync(context, "Get parameter by name failed");
        else
            await WriteAsync(context, 200, rows.All(row => row.Length == 1)
                ? new JsonArray([.. rows.Select(row => Number(row[0]))])
                : new JsonArray([.. rows.Select(row => new JsonArray([.. row.Select(Number)]))]));
    }

    private Task DieAsync(HttpContext context)
    {
        dead = true;
        context.Abort();
        options.OnDeath?.Invoke();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        adapters.Dispose();
    }

    private static Task ErrorAsync(HttpContext context, string message) =>
        WriteAsync(context, 400, new JsonObject { ["error"] = new JsonObject { ["message"] = message } });

    private string Metrics() => "# HELP sglang:generation_tokens_total Number of generation tokens processed.\n"
        + "# TYPE sglang:generation_tokens_total counter\n"
        + string.Create(CultureInfo.InvariantCulture,
            $"sglang:generation_tokens_total{{engine_type=\"unified\",model_name=\"{path}\"}} {Tokens:0.0}\n")
        + "# HELP sglang:num_running_reqs The number of running requests.\n# TYPE sglang:num_running_reqs gauge\n"
        + string.Create(CultureInfo.InvariantCulture,
            $"sglang:num_running_reqs{{engine_type=\"unified\",model_name=\"{path}\"}} {flights.Running:0.0}\n");
}
