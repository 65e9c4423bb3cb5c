using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>
/// What the run API must do, in terms of HTTP alone, so that every host can be held to it. Before the cases run, <see cref="PrepareAsync"/>
/// brings about: <c>done</c> (completed), <c>stuck</c> (a job that never ends), <c>broken</c> (a job that fails); the host's workers see to
/// the jobs.
/// </summary>
internal static class ApiCases
{
    /// <summary>The idempotency key that the run "done" was asked for with.</summary>
    public const string Key = "key-1";

    private static readonly string Recipe = TestRecipes.Json();

    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("health", "GET", "/api/health", 200) { Contains = ["\"status\":\"ok\""] },

        new("create: same id and recipe is the same run", "POST", "/api/runs?id=done", 202)
        {
            Body = Recipe, Check = (response, body) =>
            {
                response.Headers.Location!.ToString().ShouldBe("/api/runs/done");
                Read<RunView>(body).Status.ShouldBe(RunStatus.Completed);
            },
        },
        new("create: takes over what another run has finished", "POST", "/api/runs?id=like-done", 202)
        {
            Body = TestRecipes.Json("like-done"),
                Check = (_, body) =>
                Read<RunView>(body).Stages.ShouldAllBe(stage => stage.ReusedFrom!.RunId == "done" && stage.Reason == null),
        },
        new("create: reuse neither true nor false", "POST", "/api/runs?reuse=perhaps", 400) { Body = Recipe,
            Contains = ["perhaps", "true, false"] },
        new("reuse: the same stages", "POST", "/api/reuse", 200) { Body = Recipe, Contains = ["\"reusedFrom\":{\"runId\":\"done\""] },
        new("reuse: says why a stage runs", "POST", "/api/reuse", 200)
        {
            Body = TestRecipes.Json(iterations: 6), Check = (_, body) =>
            {
                var stages = Read<ReusePlan>(body).Stages;
                // Against what was made last, which may be the fork of another case, with a learning rate of its own.
                stages[0].Reason.ShouldBeNull();
                stages[1].Reason.ShouldNotBeNull().ShouldStartWith("changed: iterations");
                stages[0].ReusedFrom.ShouldBe(new StageOrigin("done", "base", Measured: true));
            },
        },
        new("reuse: asked to run again", "POST", "/api/reuse?reuse=false", 200) { Body = Recipe, Contains = ["asked to run again"] },
        new("reuse: bad recipe", "POST", "/api/reuse", 422) { Body = "[]" },
        new("create: formatting of the recipe does not matter", "POST", "/api/runs?id=done",
            202) { Body = Recipe.Replace("\n", "\r\n\r\n", StringComparison.Ordinal) },
        new("create: same id, other recipe", "POST", "/api/runs?id=done", 409) { Body = TestRecipes.Json(seed: 2),
            Contains = ["another recipe"] },
        new("create: id from the recipe", "POST", "/api/runs", 202) { Body = TestRecipes.Json("by-name"),
            Check = (_, body) => Read<RunView>(body).Id.ShouldMatch("^by-name-[0-9a-f]{8}$") },
        new("create: without a content type", "POST", "/api/runs?id=done", 415) { Body = Recipe, ContentType = null,
            Contains = ["application/json"] },
        new("create: text", "POST", "/api/runs?id=done", 415) { Body = Recipe, ContentType = "text/plain" },
        new("pause: without a content type", "POST", "/api/runs/stuck/pause", 415) { ContentType = null },
        new("create: +json", "POST", "/api/runs?id=done", 202) { Body = Recipe, ContentType = "application/vnd.r1+json; charset=utf-8" },
        new("create: byte order mark", "POST", "/api/runs?id=done", 202) { Body = "\uFEFF" + Recipe },
        new("create: key of another recipe", "POST", "/api/runs", 409)
        {
            Body = TestRecipes.Json(seed: 3), Headers = new Dictionary<string, string> { ["Idempotency-Key"] = Key },
                Contains = ["another recipe"],
        },
        new("create: key of another id", "POST", "/api/runs?id=other", 409)
        {
            Body = Recipe, Headers = new Dictionary<string, string> { ["Idempotency-Key"] = Key }, Contains = ["idempotency key"],
        },
        new("create: key too long", "POST", "/api/runs", 400)
        {
            Body = Recipe, Headers = new Dictionary<string, string> { ["Idempotency-Key"] = new('k', 300) }, Contains = ["Idempotency-Key"],
        },
        new("create: empty body", "POST", "/api/runs", 400) { Body = "", Contains = ["empty"] },
        new("create: no JSON", "POST", "/api/runs", 400) { Body = "{\n  \"name\": tiny\n}", Contains = ["line 2"] },
        new("create: JSON cut off", "POST", "/api/runs", 400) { Body = Recipe[..80], Contains = ["not JSON"] },
        new("create: a list", "POST", "/api/runs", 422) { Body = "[]" },
        new("create: null", "POST", "/api/runs", 422) { Body = "null" },
        new("create: unknown field", "POST", "/api/runs", 422)
        {
            Body = Recipe.Replace("\"seed\"", "\"sede\"", StringComparison.Ordinal), Check = (_, body) =>
            {
                var problem = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("problems")[0];
                problem.GetProperty("path").GetString().ShouldBe("sede");
                problem.GetProperty("line").GetInt32().ShouldBe(4);
                problem.GetProperty("allowed").GetString().ShouldNotBeNullOrEmpty();
            },
        },
        new("create: several problems", "POST", "/api/runs", 422)
        {
            Body = TestRecipes.Json(iterations: -1, name: "Not A Name"),
            Check = (_, body) =>
                JsonSerializer.Deserialize<JsonElement>(body).GetProperty("problems").GetArrayLength().ShouldBeGreaterThanOrEqualTo(2),
        },
        new("create: extends a file", "POST", "/api/runs", 422) { Body = "{ \"extends\": \"../../etc/passwd\", \"name\": \"x\" }" },
        new("create: form", "POST", "/api/runs", 415) { Body = "a=b", ContentType = "application/x-www-form-urlencoded",
            Contains = ["application/json"] },
        new("create: broken content type", "POST", "/api/runs", 415) { Body = Recipe, ContentType = "nonsense" },
        new("create: too large", "POST", "/api/runs", 413) { Body = "// " + new string('x', 1 << 20) + "\n" + Recipe,
            Contains = ["larger than"] },
        new("create: id in capitals", "POST", "/api/runs?id=Done", 400) { Body = Recipe, Contains = ["lower-case"] },
        new("create: id that climbs", "POST", "/api/runs?id=..%2Fetc", 400) { Body = Recipe },
        new("create: id too long", "POST", "/api/runs?id=" + new string('a', 60), 400) { Body = Recipe },
        new("create: id with two dashes", "POST", "/api/runs?id=a--b", 400) { Body = Recipe },
        new("create: PUT", "PUT", "/api/runs", 405) { Body = Recipe, Contains = ["PUT"],
            Check = (response, _) => response.Content.Headers.Allow.ShouldContain("POST") },

        new("list", "GET", "/api/runs",
            200) { Check = (_, body) =>
                Read<RunList>(body).Runs.Select(run => run.Id)
                .ShouldBeSubsetOf(Read<RunList>(body).Runs.OrderByDescending(run => run.CreatedAt).Select(run => run.Id)) },
        new("list: holds the runs", "GET", "/api/runs",
            200) { Contains = ["\"done\"", "\"stuck\"", "\"broken\"", "\"running\"", "\"completed\"", "\"failed\""] },
        new("list: of a state", "GET", "/api/runs?state=completed,failed",
            200) { Check = (_, body) =>
                Read<RunList>(body).Runs.Select(run => run.Status).Distinct().ShouldBeSubsetOf([RunStatus.Completed, RunStatus.Failed]) },
        new("list: running", "GET", "/api/runs?state=running", 200) { Contains = ["\"stuck\""],
            Check = (_, body) => Read<RunList>(body).Runs.ShouldAllBe(run => run.Status == RunStatus.Running) },
        // Whether there is a next page depends on what other cases have begun: ManyRunsTests goes through pages.
        new("list: a page", "GET", "/api/runs?limit=1", 200) { Check = (_, body) => Read<RunList>(body).Runs.ShouldHaveSingleItem() },
        new("list: after the oldest", "GET", "/api/runs?after=9", 200) { Check = (_, body) => Read<RunList>(body).Runs.ShouldBeEmpty() },
        new("list: how far a run is", "GET", "/api/runs?q=DONE&state=completed&limit=1000", 200)
        {
            Check = (_, body) =>
            {
                var run = Read<RunList>(body).Runs.Single(one => one.Id == "done");
                (run.Stage, run.Stages, run.StagesDone, run.Done, run.Total).ShouldBe(("r1-zero", 2, 2, 5, 5));
                run.PassAt1.ShouldNotBeNull().ShouldSatisfyAllConditions(score => score.Stage.ShouldBe("r1-zero"),
                    score => score.Benchmark.ShouldBe("addition"), score => score.Value.ShouldBe(0.98));
                run.Reward.ShouldNotBeNull().ShouldBeGreaterThan(0);
                run.ProgressedAt.ShouldNotBeNull();
                run.StartedAt.ShouldNotBeNull();
                run.EndedAt.ShouldNotBeNull();
                run.Cost.ShouldNotBeNull();
                run.EtaSeconds.ShouldBeNull();
            },
        },
        new("list: of a text in name or id", "GET", "/api/runs?q=ROKE", 200)
        {
            Contains = ["\"broken\""],
            Check = (_, body) => Read<RunList>(body).Runs.ShouldHaveSingleItem()
                .ShouldSatisfyAllConditions(run => run.Id.ShouldBe("broken"), run => run.Error!.ShouldContain("no such corpus")),
        },
        new("list: of a text and a state", "GET", "/api/runs?q=roke&state=running", 200)
        {
            Check = (_, body) => Read<RunList>(body).Runs.ShouldBeEmpty(),
        },
        new("list: long text", "GET", $"/api/runs?q={new string('x', 201)}", 400) { Contains = ["\"field\":\"q\"", "at most 200"] },
        new("get: what a stage builds on", "GET", "/api/runs/done", 200)
        {
            Check = (_, body) => Read<RunView>(body).Stages.Select(stage => stage.Needs)
                .ShouldBe([[], [new StageNeed("base", NeedRole.Model)]]),
        },
        new("events: unknown form", "GET", "/api/runs/done/events?form=poem", 400) { Contains = ["whole, changes"] },
        new("list: unknown state", "GET", "/api/runs?state=running,tired",
            400) { Contains = ["tired", "queued, running, paused, completed, failed, cancelled"] },
        new("list: no runs", "GET", "/api/runs?limit=0", 400) { Contains = ["from 1 to 1000"] },
        new("list: too many", "GET", "/api/runs?limit=1001", 400) { Contains = ["from 1 to 1000"] },
        new("get: completed", "GET", "/api/runs/done", 200)
        {
            Check = (_, body) =>
            {
                var run = Read<RunView>(body);
                run.Stages.ShouldAllBe(stage => stage.Status == StageStatus.Completed && stage.Done == stage.Total);
                run.EndedAt.ShouldNotBeNull();
                run.Cost.Note.ShouldContain("No price");
            },
        },
        new("get: running", "GET", "/api/runs/stuck", 200) { Check = (_, body) => Read<RunView>(body).Workers.Workers.Count.ShouldBe(1) },
        new("get: failed", "GET", "/api/runs/broken", 200) { Contains = ["no such corpus"] },
        new("get: unknown", "GET", "/api/runs/nobody", 404) { Contains = ["nobody"] },
        new("get: bad id", "GET", "/api/runs/No_Id", 400) { Contains = ["No_Id"] },
        new("get: PATCH", "PATCH", "/api/runs/done", 405),

        new("metrics: all", "GET", "/api/runs/done/metrics",
            200) { Check = (_, body) => Read<RunMetrics>(body).Rows.Count.ShouldBe(6 + 5) },
        new("metrics: of a stage", "GET", "/api/runs/done/metrics?stage=r1-zero",
            200) { Check = (_, body) => Read<RunMetrics>(body).Rows.Select(row => row.Step).ShouldBe([1, 2, 3, 4, 5]) },
        new("metrics: since", "GET", "/api/runs/done/metrics?stage=r1-zero&since=3",
            200) { Check = (_, body) => Read<RunMetrics>(body).Rows.Select(row => row.Step).ShouldBe([4, 5]) },
        new("metrics: unknown stage", "GET", "/api/runs/done/metrics?stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("metrics: bad since", "GET", "/api/runs/done/metrics?since=yesterday", 400) { Contains = ["yesterday"] },
        new("metrics: negative since", "GET", "/api/runs/done/metrics?since=-1", 400),
        new("metrics: unknown run", "GET", "/api/runs/nobody/metrics", 404),
        new("metrics: none yet", "GET", "/api/runs/stuck/metrics",
            200) { Check = (_, body) => Read<RunMetrics>(body).Rows.ShouldBeEmpty() },

        .. MetricCases.All,
        .. JobCases.All,
        .. RecipeCases.All,
        .. SampleCases.All,

        new("samples", "GET", "/api/runs/done/samples", 200)
        {
            Check = (_, body) =>
                Read<RunSamples>(body).Sets.Select(set => (set.Stage, set.Source))
                .ShouldBe([("base", "evaluate"), ("r1-zero", "rollout"), ("r1-zero", "evaluate")]),
        },
        new("samples: limit", "GET", "/api/runs/done/samples?stage=base&limit=2",
            200) { Check = (_, body) => Read<RunSamples>(body).Sets[0].Samples.Count.ShouldBe(2) },
        new("samples: bad limit", "GET", "/api/runs/done/samples?limit=0", 400),
        new("samples: unknown stage", "GET", "/api/runs/done/samples?stage=sft", 400),
        new("samples: unknown run", "GET", "/api/runs/nobody/samples", 404),

        new("report: JSON", "GET", "/api/runs/done/report", 200) { Check = (_, body) => Read<RunReport>(body).Stages.Count.ShouldBe(2) },
        new("report: Accept HTML", "GET", "/api/runs/done/report", 200)
        {
            Headers = new Dictionary<string, string> { ["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8" },
                Contains = ["<!doctype html>", "<svg"],
            Check = (response, _) => response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html"),
        },
        new("report: Accept anything", "GET", "/api/runs/done/report", 200)
        {
            Headers = new Dictionary<string, string> { ["Accept"] = "*/*" },
                Check = (response, _) => response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json"),
        },
        new("report: Markdown", "GET", "/api/runs/done/report?format=md", 200) { Contains = ["| stage | greedy |"] },
        new("report: picture", "GET", "/api/runs/done/report?format=svg", 200) { Contains = ["<svg xmlns"] },
        new("report: unknown format", "GET", "/api/runs/done/report?format=pdf", 400) { Contains = ["json, html, md, svg"] },
        new("report: not yet", "GET", "/api/runs/stuck/report", 404) { Contains = ["no report yet"] },
        new("report: unknown run", "GET", "/api/runs/nobody/report", 404),

        new("events: of a completed run", "GET", "/api/runs/done/events", 200)
        {
            Contains = ["event: snapshot\n", "event: metrics\n", "event: end\n"],
            Check = (response, _) => response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream"),
        },
        new("events: unknown run", "GET", "/api/runs/nobody/events", 404),
        new("events: POST", "POST", "/api/runs/done/events", 405),

        new("pause: completed", "POST", "/api/runs/done/pause", 409) { Contains = ["completed"] },
        new("pause: unknown run", "POST", "/api/runs/nobody/pause", 404),
        new("pause: GET", "GET", "/api/runs/done/pause", 405),
        new("resume: completed", "POST", "/api/runs/done/resume", 409),
        new("resume: running goes on", "POST", "/api/runs/stuck/resume", 202),
        new("resume: unknown run", "POST", "/api/runs/nobody/resume", 404),
        new("cancel: completed", "POST", "/api/runs/done/cancel", 409),
        new("cancel: unknown run", "POST", "/api/runs/nobody/cancel", 404),
        new("retry: running", "POST", "/api/runs/stuck/retry", 409) { Contains = ["running"] },
        new("retry: completed without a stage", "POST", "/api/runs/done/retry", 409) { Contains = ["Name the stage"] },
        new("retry: unknown stage", "POST", "/api/runs/broken/retry?stage=sft", 400) { Contains = ["base, r1-zero"] },
        new("retry: unknown run", "POST", "/api/runs/nobody/retry", 404),

        new("resume: a budget that is no number", "POST", "/api/runs/stuck/resume?budget=much", 400) { Contains = ["much", "a number"] },
        new("resume: a budget where there is none", "POST", "/api/runs/stuck/resume?budget=5", 409) { Contains = ["has no budget"] },
        new("create: a budget in a currency without a price", "POST", "/api/runs?id=dear", 422)
        {
            Body = TestRecipes.Json("dear").Replace("\"tasks\":", "\"budget\": { \"amount\": 5, \"currency\": \"EUR\" }, \"tasks\":",
                StringComparison.Ordinal),
            Contains = ["budget.currency", "has no price"],
        },

        .. ForkCases.All,
        new("remove: running", "DELETE", "/api/runs/stuck", 409) { Contains = ["Cancel it first"] },
        new("remove: unknown run", "DELETE", "/api/runs/nobody", 404),
        new("remove: bad id", "DELETE", "/api/runs/A", 400) { Contains = ["lower-case letters"] },

        new("unknown path", "GET", "/api/nothing/here", 404) { Contains = ["/api/nothing/here"] },
        new("unknown verb of a run", "POST", "/api/runs/done/explode", 404),
        new("HEAD of an unknown path", "HEAD", "/api/nothing", 404),
    ];

    /// <summary>Brings the runs about that the cases speak of.</summary>
    public static async Task PrepareAsync(HttpClient client)
    {
        await PostAsync(client, "done", Recipe, Key, RunStatus.Completed);
        await PostAsync(client, "broken", TestRecipes.Json("broken"), null, RunStatus.Failed, "&reuse=false");
        await PostAsync(client, "stuck", TestRecipes.Json("stuck"), null, RunStatus.Running, "&reuse=false");
    }

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, R1Json.Options)!;

    private static async Task PostAsync(HttpClient client, string id, string recipe, string? key, RunStatus status, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"{ApiRoutes.Runs}?id={id}{query}") { Content = new StringContent(recipe, Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.Add(ApiRoutes.IdempotencyKeyHeader, key);
        (await client.SendAsync(request)).EnsureSuccessStatusCode();
        for (var i = 0; i < 180_000; i++)
        {
            var run = await client.GetFromJsonAsync<RunView>($"/api/runs/{id}", R1Json.Options);
            if (run!.Status == status && (status != RunStatus.Running || run.Workers.Workers.Count > 0)) return;
            await Task.Delay(10);
        }
        throw new TimeoutException($"Run '{id}' did not become {status}.");
    }
}
