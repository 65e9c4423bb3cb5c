using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.InferenceServers.Sglang;

/// <content>Pauses, aborts, memory and adapters.</content>
public sealed partial class StandInSglang
{
    private async Task PauseAsync(HttpContext context, JsonObject body)
    {
        var mode = (string?)body["mode"] ?? "abort";
        if (mode is not ("abort" or "in_place" or "retract"))
        {
            await WriteAsync(context, 400, SglangRules.Validation("'msg': \"Input should be 'abort', 'retract' or 'in_place'\""));
            return;
        }
        await flights.PauseAsync(mode);
        await WriteAsync(context, 200, new JsonObject { ["message"] = "Generation paused successfully.", ["status"] = "ok" });
    }

    private Task ContinueAsync(HttpContext context)
    {
        flights.Continue();
        return WriteAsync(context, 200, new JsonObject { ["message"] = "Generation continued successfully.", ["status"] = "ok" });
    }

    private Task FlushAsync(HttpContext context) => flights.CanFlush
        ? TextAsync(context, "Cache flushed.\nPlease check backend logs for more details. (When there are running or waiting requests, the "
            + "operation will not be performed.)\n", kind: null)
        : TextAsync(context, "Flush cache failed.\n", 400, null);

    private Task AbortAsync(HttpContext context, JsonObject body)
    {
        if ((bool?)body["abort_all"] == true) flights.Abort(null);
        else if ((string?)body["rid"] is { } rid) flights.Abort(rid);
        return EmptyAsync(context, 200);
    }

    private Task SlowAsync(HttpContext context, JsonObject body)
    {
        flights.Step = TimeSpan.FromSeconds((double?)body["forward_sleep_time"] ?? 0);
        return WriteAsync(context, 200, null);
    }

    // Without the memory saver both answer well and free nothing.
    private Task ReleaseAsync(HttpContext context, JsonObject? body)
    {
        if (body is null) return WriteAsync(context, 400, SglangRules.Validation("'type': 'missing', 'msg': 'Field required'"));
        if (flights.Running > 0) return DieAsync(context);
        released = true;
        return WriteAsync(context, 200, null);
    }

    private Task ResumeAsync(HttpContext context, JsonObject? body)
    {
        if (body is null) return WriteAsync(context, 400, SglangRules.Validation("'type': 'missing', 'msg': 'Field required'"));
        if (!released) return DieAsync(context);
        released = false;
        return WriteAsync(context, 200, null);
    }

    private async Task AdapterAsync(HttpContext context, JsonObject body)
    {
        if ((string?)body["lora_path"] is not { } folder)
        {
            await WriteAsync(context, 400, SglangRules.Validation("'type': 'missing', 'msg': 'Field required'"));
            return;
        }
        var (status, answer) = adapters.Load((string)body["lora_name"]!, folder);
        await WriteAsync(context, status, answer);
    }

    private Task LetGoAsync(HttpContext context, JsonObject body)
    {
        var (status, answer) = adapters.Unload((string)body["lora_name"]!);
        return WriteAsync(context, status, answer);
    }
}
