using System.Text.Json;
using Microsoft.Playwright;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>Answers of a host whose models, recipes and workers wrote words that want to be more: in place of every <c>"W"</c>.</summary>
internal static class HostileAnswers
{
    public const string Words =
        "</script><script>window.pwned = 1</script><img src=x onerror=\"window.pwned = 1\"><svg onload=window.pwned=1>"
        + "\u202Etxet\u202C\u001B[31m";

    private const string Run = """
        {
          "id": "hostile", "name": "W", "recipeHash": "0", "status": "failed", "error": "W",
          "createdAt": "2026-01-01T00:00:00Z", "jobs": [],
          "workers": { "workers": [], "restarts": 0, "lastError": "W" },
          "time": { "wall": 0, "generation": 0, "reward": 0, "update": 0, "storage": 0, "waiting": 0 },
          "cost": { "workerSeconds": 0, "pricePerHour": 0, "amount": 0, "currency": "USD", "note": "W" },
          "stages": [ { "name": "s", "label": "s", "kind": "rl", "status": "failed", "done": 0, "total": 1, "error": "W", "metrics": {} } ]
        }
        """;

    private static readonly string Lively = Run.Replace("\"hostile\"", "\"lively\"", StringComparison.Ordinal)
        .Replace("\"failed\", \"error\": \"W\",", "\"running\",", StringComparison.Ordinal);

    private static readonly string Held = Lively.Replace("\"lively\"", "\"held\"", StringComparison.Ordinal)
        .Replace("\"running\"", "\"paused\"", StringComparison.Ordinal).Replace("\"jobs\"", """
            "fork": { "runId": "W", "stage": "W", "iteration": 1 }, "budget": { "amount": 1, "currency": "W", "spent": 1, "next": 1,
              "mayOvershoot": 0, "warns": true, "nextIs": "W", "held": "W" }, "jobs"
            """, StringComparison.Ordinal);

    // An image of a report that a script got into.
    private const string Picture = """
        <svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="window.pwned = 1"><script>window.top.pwned = 1</script></svg>
        """;

    private static readonly Dictionary<string, string> Answers = new()
    {
        ["/api/runs"] = """
            { "runs": [ { "id": "hostile", "name": "W", "status": "failed", "createdAt": "2026-01-01T00:00:00Z", "error": "W" } ] }
            """,
        ["/api/runs/hostile"] = Run,
        ["/api/runs/lively"] = Lively,
        ["/api/runs/held"] = Held,
        ["/api/runs/held/metrics/names"] = """{ "runId": "held", "stages": [] }""",
        ["/api/runs/lively/metrics/names"] = """
            { "runId": "lively", "stages": [ { "stage": "s", "rows": 1, "first": 1, "last": 1, "names": [ "W", "kl" ] } ] }
            """,
        ["/api/runs/lively/metrics/series"] = """{ "runId": "lively", "cursor": "", "series": [] }""",
        ["/api/runs/held/relatives"] = """
            { "relatives": [ { "runId": "W", "relation": "sibling", "stage": "W", "iteration": 1,
              "differences": [ { "path": "W", "from": "W", "to": "W" } ] } ] }
            """,
        ["/api/schema"] = """{ "type": "object" }""",
        ["/api/check"] = """
            { "name": "W", "runId": "W", "hash": "0", "exists": true, "stages": [], "notes": [
              { "file": "W", "line": 1, "column": 1, "path": "W", "value": "W", "message": "W", "allowed": "W" } ] }
            """,
        ["/api/plan"] = """
            { "wallSeconds": 1, "cost": 1,
              "plan": { "recipe": "W", "device": "W", "nodes": 1, "currency": "W", "wallSeconds": 1, "deviceHours": 1, "cost": 1,
                "storageGigabytes": 1, "noEstimate": [ "W" ], "assumptions": [ "W" ], "stages": [ { "name": "W", "kind": "W", "note": "W",
                "memory": { "phase": "W", "bytes": 1, "missingBytes": 1, "remedies": [ "W" ] } } ] },
              "reuse": { "stages": [ { "name": "W", "kind": "W", "measures": false, "reason": "W" } ] } }
            """,
        ["/api/runs/lively/samples/sets"] = """{ "sets": [] }""",
        ["/api/runs/lively/samples/live"] = """
            { "rows": [ { "jobId": "s/000000/rollout/0", "worker": "W", "finishedAt": "2026-01-01T00:00:00Z", "iteration": 1, "question": 0,
              "sample": 0, "prompt": "W", "completion": "W", "answer": "W", "truncated": false, "tokens": 3 } ] }
            """,
        ["/api/runs/hostile/metrics/names"] = """{ "runId": "hostile", "stages": [] }""",
        ["/api/runs/hostile/samples/sets"] = """
            { "sets": [ { "stage": "s", "source": "rollout", "iteration": 1, "rows": 2, "benchmark": "W" } ] }
            """,
        ["/api/runs/hostile/samples/rows"] = """
            { "total": 2, "matching": 2, "rows": [
              { "question": 0, "sample": 0, "prompt": "W", "completion": "W", "answer": "W", "prompts": "W",
                "rewards": [ { "name": "W", "score": 1, "weight": 1, "outcome": "failed", "reason": "W" } ] },
              { "question": 0, "sample": 1, "prompt": "W", "completion": "LONG", "answer": "W" } ] }
            """,
        ["/api/runs/hostile/jobs"] = """
            { "runId": "hostile", "jobs": [
              { "jobId": "s/000000/rollout/0", "stage": "s", "iteration": 0, "kind": "rollout", "shard": 0,
                "status": "failed", "worker": "W",
                "queuedAt": "2026-01-01T00:00:00Z", "attempts": [], "error": { "type": "W", "message": "W" } } ] }
            """,
        ["/api/runs/hostile/workers"] = """
            { "workers": [ { "name": "W", "location": "W", "state": "running", "restarts": 0, "hasLog": true, "job": "W",
              "resources": { "at": "2026-01-01T00:00:00Z", "gpus": [
                { "index": 0, "name": "W", "utilisation": 0.5, "memoryBytes": 1, "memoryLimitBytes": 2 } ] } } ], "restarts": 0 }
            """,
        ["/api/runs/hostile/workers/worker-0/log"] = """{ "worker": "worker-0", "from": 0, "to": 1, "size": 1, "text": "W" }""",
        ["/api/runs/hostile/recipe"] = """{ "name": "W" }""",
        ["/api/runs/hostile/recipe/differences"] = """
            { "from": "hostile", "to": "hostile", "differences": [ { "path": "W", "from": "W", "to": "W" } ] }
            """,
        ["/api/runs/hostile/report"] = """
            {
              "runId": "hostile", "name": "W", "description": "W", "recipeHash": "0", "seed": 1,
              "startedAt": "2026-01-01T00:00:00Z", "endedAt": "2026-01-01T00:00:01Z",
              "time": { "wall": 0, "generation": 0, "reward": 0, "update": 0, "storage": 0, "waiting": 0 },
              "stages": [ { "name": "s", "label": "s", "kind": "rl", "summary": "W", "benchmarks": [], "samples": [
                { "question": "W", "answer": "W", "before": { "completion": "W" }, "after": { "completion": "W" } } ] } ]
            }
            """,
    };

    private static readonly string Million = string.Concat(Enumerable.Repeat("word ", 1 << 18));

    private static readonly string Events = string.Concat(
        Event("snapshot", Run),
        Event("log", """{ "time": "2026-01-01T00:00:00Z", "level": "error", "message": "W" }"""),
        Event("end", """{ "status": "failed", "error": "W" }"""));

    /// <summary>Answers all of a page's requests so; one completion has more than a million signs.</summary>
    public static Task GiveAsync(IPage page) => page.RouteAsync(url => Path(url).StartsWith("/api/", StringComparison.Ordinal), route =>
    {
        var path = Path(route.Request.Url);
        if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            var events = path.Contains("lively", StringComparison.Ordinal) ? Event("snapshot", Lively)
                : path.Contains("held", StringComparison.Ordinal) ? Event("snapshot", Held) : Events;
            return route.FulfillAsync(new() { ContentType = "text/event-stream", Body = events });
        }
        if (route.Request.Url.EndsWith("format=svg", StringComparison.Ordinal))
            return route.FulfillAsync(new() { ContentType = "image/svg+xml", Body = Picture });
        return route.FulfillAsync(Answers.TryGetValue(path, out var answer)
            ? new() { ContentType = "application/json", Body = WithWords(answer) }
            : new() { Status = 404, ContentType = "application/problem+json", Body = """{ "status": 404, "detail": "none" }""" });
    });

    private static string Event(string name, string data) => $"event: {name}\ndata: {WithWords(data).ReplaceLineEndings(" ")}\n\n";

    private static string WithWords(string json) => json
        .Replace("\"W\"", JsonSerializer.Serialize(Words), StringComparison.Ordinal)
        .Replace("\"LONG\"", JsonSerializer.Serialize($"<think>{Million}{Words}</think>{Words}"), StringComparison.Ordinal);

    private static string Path(string url) => new Uri(url).AbsolutePath;
}
