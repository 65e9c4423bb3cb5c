using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace R1Cloud.Web.Tests.Browser;

/// <summary>Whatever a model, a recipe or a worker wrote is text on the page. The host's answers are replaced by such words.</summary>
public sealed class HostileTextTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private const string Words = "</script><script>window.pwned = 1</script><img src=x onerror=\"window.pwned = 1\"><svg onload=window.pwned=1>\u202Etxet\u202C\u001B[31m";
    private static readonly string Long = string.Concat(Enumerable.Repeat("word ", 1 << 18)) + Words;

    [Fact]
    public async Task Samples_OfWordsThatWantToBeMore_AreShownAsText()
    {
        await using var watched = await fixture.OpenAsync();
        await AnswerAsync(watched.Page);
        await watched.Page.GotoAsync($"{fixture.Host.AddressWithKey}&/runs/hostile/samples");
        var samples = watched.Page.Locator(".sample");
        await Expect(samples).ToHaveCountAsync(2);
        await Expect(samples.First).ToContainTextAsync("</script><script>window.pwned = 1</script><img src=x");
        await Expect(samples.First).ToContainTextAsync("\u2329U+202E\u232Atxet\u2329U+202C\u232A\u2329U+001B\u232A[31m"); // signs that steer, by their numbers
        await HarmlessAsync(watched);
    }

    [Theory]
    [InlineData("/runs/hostile")]
    [InlineData("/runs/hostile/jobs?job=s%2F000000%2Frollout%2F0")]
    [InlineData("/runs/hostile/jobs?log=worker-0")]
    [InlineData("/runs/hostile/recipe")]
    [InlineData("/runs/hostile/report")]
    [InlineData("/runs")]
    [InlineData("/compare?from=hostile&to=hostile")]
    public async Task View_OfWordsThatWantToBeMore_ShowsThemAsText(string route)
    {
        await using var watched = await fixture.OpenAsync();
        await AnswerAsync(watched.Page);
        await watched.Page.GotoAsync($"{fixture.Host.AddressWithKey}&{route}");
        await Expect(watched.Page.GetByText("window.pwned = 1").First).ToBeVisibleAsync();
        await HarmlessAsync(watched);
    }

    private static async Task HarmlessAsync(WatchedPage watched)
    {
        (await watched.Page.EvaluateAsync<bool>("'pwned' in window")).ShouldBeFalse();
        (await watched.Page.Locator("main img, main script").CountAsync()).ShouldBe(0);
        watched.Requests.ShouldNotContain(url => url.EndsWith("/x", StringComparison.Ordinal));
        watched.Errors.ShouldBeEmpty();
    }

    private static async Task AnswerAsync(IPage page)
    {
        var run = new
        {
            id = "hostile", name = Words, recipeHash = "0", status = "failed", error = Words, createdAt = "2026-01-01T00:00:00Z", jobs = Array.Empty<object>(),
            workers = new { workers = Array.Empty<object>(), restarts = 0, lastError = Words },
            time = new { wall = 0, generation = 0, reward = 0, update = 0, storage = 0, waiting = 0 }, cost = new { workerSeconds = 0, pricePerHour = 0, amount = 0, currency = "USD", note = Words },
            stages = new[] { new { name = "s", label = "s", kind = "rl", status = "failed", done = 0, total = 1, error = Words, metrics = new Dictionary<string, double>() } },
        };
        var reward = new { name = Words, score = 1, weight = 1, outcome = "failed", reason = Words };
        var answers = new Dictionary<string, object>
        {
            ["/api/runs"] = new { runs = new[] { new { run.id, run.name, run.status, run.createdAt, run.error, stage = Words } } },
            ["/api/runs/hostile"] = run,
            ["/api/runs/hostile/metrics/names"] = new { runId = "hostile", stages = Array.Empty<object>() },
            ["/api/runs/hostile/samples/sets"] = new { sets = new[] { new { stage = "s", source = "rollout", iteration = 1, rows = 2, benchmark = Words } } },
            ["/api/runs/hostile/samples/rows"] = new
            {
                total = 2, matching = 2,
                rows = new[] { Words, Long }.Select((text, sample) => new { question = 0, sample, prompt = Words, completion = $"<think>{text}</think>{Words}", answer = Words, prompts = Words, rewards = new[] { reward } }),
            },
            ["/api/runs/hostile/jobs"] = new
            {
                runId = "hostile",
                jobs = new[] { new { jobId = "s/000000/rollout/0", stage = "s", iteration = 0, kind = "rollout", shard = 0, status = "failed", queuedAt = "2026-01-01T00:00:00Z", worker = Words, attempts = Array.Empty<object>(), error = new { type = Words, message = Words } } },
            },
            ["/api/runs/hostile/workers"] = new { workers = Array.Empty<object>(), restarts = 0 },
            ["/api/runs/hostile/workers/worker-0/log"] = new { worker = "worker-0", from = 0, to = 1, size = 1, text = Words },
            ["/api/runs/hostile/recipe"] = new { name = Words },
            ["/api/runs/hostile/recipe/differences"] = new { from = "hostile", to = "hostile", differences = new[] { new { path = Words, from = Words, to = Words } } },
            ["/api/runs/hostile/report"] = new
            {
                runId = "hostile", name = Words, description = Words, recipeHash = "0", seed = 1, startedAt = "2026-01-01T00:00:00Z", endedAt = "2026-01-01T00:00:01Z", run.time,
                stages = new[] { new { name = "s", label = "s", kind = "rl", summary = Words, benchmarks = Array.Empty<object>(), samples = new[] { new { question = Words, answer = Words, before = new { completion = Words }, after = new { completion = Words } } } } },
            },
        };
        await page.RouteAsync(url => new Uri(url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal), async route =>
        {
            var path = new Uri(route.Request.Url).AbsolutePath;
            if (path.EndsWith("/events", StringComparison.Ordinal))
            {
                var events = $"event: snapshot\ndata: {JsonSerializer.Serialize(run)}\n\nevent: log\ndata: {JsonSerializer.Serialize(new { time = "2026-01-01T00:00:00Z", level = "error", message = Words })}\n\nevent: end\ndata: {JsonSerializer.Serialize(new { status = "failed", error = Words })}\n\n";
                await route.FulfillAsync(new() { ContentType = "text/event-stream", Body = events });
                return;
            }
            await route.FulfillAsync(answers.TryGetValue(path, out var answer)
                ? new() { ContentType = "application/json", Body = JsonSerializer.Serialize(answer) }
                : new() { Status = 404, ContentType = "application/problem+json", Body = "{\"status\":404,\"detail\":\"none\"}" });
        });
    }
}
