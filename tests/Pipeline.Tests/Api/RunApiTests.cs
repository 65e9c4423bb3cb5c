using System.Net;
using System.Text.Json;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Api;

public class RunApiTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    public static TheoryData<string> Names => [.. ApiCases.All.Select(item => item.Name)];

    [Theory, MemberData(nameof(Names))]
    public Task Request_OfTheTable_IsAnsweredAsItSays(string name) =>
        ApiCases.All.Single(item => item.Name == name).RunAsync(fixture.Server.Client);

    [Fact]
    public async Task OpenApi_Document_DescribesEveryRoute()
    {
        var document = JsonSerializer.Deserialize<JsonElement>(await fixture.Server.Client.GetStringAsync(ApiRoutes.OpenApi));

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Path: path.Name, Operation: operation.Value)))
            .Where(item => item.Path.StartsWith("/api", StringComparison.Ordinal)).ToList();
        operations.Count.ShouldBe(22);
        operations.ShouldAllBe(item => item.Operation.GetProperty("summary").GetString()!.Length > 10);
        operations.Select(item => item.Operation.GetProperty("operationId").GetString()).ShouldBeUnique();
        var create = document.GetProperty("paths").GetProperty("/api/runs").GetProperty("post");
        create.GetProperty("responses").EnumerateObject().Select(response => response.Name)
            .ShouldBe(["202", "400", "401", "408", "409", "413", "415", "422", "429", "500", "503"], ignoreOrder: true);
        create.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/json", out _).ShouldBeTrue();
        document.GetProperty("components").GetProperty("schemas").TryGetProperty("RunView", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task OpenApi_Document_HasATitleAndSaysHowToSignIn()
    {
        var document = JsonSerializer.Deserialize<JsonElement>(await fixture.Server.Client.GetStringAsync(ApiRoutes.OpenApi));

        document.GetProperty("info").GetProperty("title").GetString().ShouldBe("R1 Cloud run API");
        var (name, scheme) = document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject()
            .Select(item => (item.Name, item.Value)).Single();
        scheme.GetProperty("type").GetString().ShouldBe("apiKey");
        scheme.GetProperty("in").GetString().ShouldBe("header");
        scheme.GetProperty("name").GetString().ShouldBe("X-Api-Key");
        document.GetProperty("security")[0].TryGetProperty(name, out _).ShouldBeTrue();
        document.GetProperty("paths").GetProperty("/api/health").GetProperty("get").GetProperty("security").GetArrayLength()
            .ShouldBe(0, "open to anybody");
        document.GetProperty("paths").GetProperty("/api/runs").GetProperty("get").TryGetProperty("security", out _)
            .ShouldBeFalse("as the document says");
    }

    [Fact]
    public async Task Middleware_OutsideTheApi_LeavesAnswersAlone()
    {
        using var response = await fixture.Server.Client.GetAsync("/outside");
        response.StatusCode.ShouldBe((HttpStatusCode)418);
        (await response.Content.ReadAsStringAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task StorageAway_IsServiceUnavailable()
    {
        await using var server = await ApiServer.StartAsync();
        server.Pipeline.Blobs.OnAccess = path => throw new StorageException($"Reading '{path}' failed: connection refused.");
        await new ApiCase("storage", "GET", "/api/runs/some", 503) { Contains = ["connection refused"] }.RunAsync(server.Client);
    }

    [Fact]
    public async Task Bug_IsInternalErrorWithoutDetails()
    {
        await using var server = await ApiServer.StartAsync();
        server.Pipeline.Blobs.OnAccess = _ => throw new InvalidCastException("secret details");
        await new ApiCase("bug", "GET", "/api/runs/some", 500) { Check = (_, body) => body.ShouldNotContain("secret") }
            .RunAsync(server.Client);
    }

    [Fact]
    public async Task ApiKey_WhenSet_IsRequiredButForHealth()
    {
        await using var server = await ApiServer.StartAsync(new() { ApiKey = "s3cret" });
        var right = new Dictionary<string, string> { ["X-Api-Key"] = "s3cret" };
        var wrong = new Dictionary<string, string> { ["X-Api-Key"] = "s3cre" };

        await new ApiCase("none", "GET", "/api/runs", 401).RunAsync(server.Client);
        await new ApiCase("wrong", "GET", "/api/runs", 401) { Headers = wrong }.RunAsync(server.Client);
        await new ApiCase("right", "GET", "/api/runs", 200) { Headers = right }.RunAsync(server.Client);
        await new ApiCase("health", "GET", "/api/health", 200).RunAsync(server.Client);
        (await server.Client.GetAsync(ApiRoutes.OpenApi)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000", null, true)]
    [InlineData("http://localhost:5000", "", true)]
    [InlineData("http://[::1]:5000", null, true)]
    [InlineData("http://0.0.0.0:5000", null, false)]
    [InlineData("http://[::]:5000", null, false)]
    [InlineData("http://+:80", null, false)]
    [InlineData("http://*:80", null, false)]
    [InlineData("http://192.168.1.7:80", null, false)]
    [InlineData("http://192.168.1.7:80", "key", true)]
    public void ApiKeyRule_BeyondLoopback_WantsAKey(string url, string? key, bool allowed)
    {
        var check = () => ApiKeyRule.Check([url], key);
        if (allowed) check.ShouldNotThrow();
        else check.ShouldThrow<InvalidOperationException>().Message.ShouldContain(url);
    }

    [Fact]
    public async Task Events_OfARunningRun_TellItsStoryAndResume()
    {
        await using var server = await ApiServer.StartAsync();
        var seen = new TaskCompletionSource(); // no job ends before somebody looks
        server.Pipeline.Pool.OnJob = async _ =>
        {
            await seen.Task;
            await Task.Delay(15);
        };
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 12)), "story", null);

        var events = await ReadAsync(server.Client, null, seen.SetResult);

        events[0].Name.ShouldBe(RunEventNames.Snapshot);
        events[^1].Name.ShouldBe(RunEventNames.End);
        ApiCases.Read<RunEnd>(events[^1].Data).Status.ShouldBe(RunStatus.Completed);
        events.Count(item => item.Name == RunEventNames.Stage).ShouldBeGreaterThanOrEqualTo(2);
        events.ShouldContain(item => item.Name == RunEventNames.Log);
        var rows = events.Where(item => item.Name == RunEventNames.Metrics).Select(item => ApiCases.Read<MetricsRow>(item.Data)).ToList();
        rows.Where(row => row.Stage == "r1-zero").Select(row => row.Step).Distinct().ShouldBe(Enumerable.Range(1, 12));
        rows.Last(row => row.Stage == "r1-zero").Values.ShouldContainKey(MetricNames.EvalGreedyAccuracy);

        var middle =
            events.Single(item =>
                item.Name == RunEventNames.Metrics && item.Data.Contains("\"stage\":\"r1-zero\",\"step\":7", StringComparison.Ordinal));
        var rest = await ReadAsync(server.Client, middle.Id);
        rest.Where(item => item.Name == RunEventNames.Metrics).Select(item => ApiCases.Read<MetricsRow>(item.Data))
            .Where(row => row.Stage == "r1-zero")
            .Select(row => row.Step).ShouldBe([7, 8, 9, 10, 11, 12]);

        static async Task<List<(string Id, string Name, string Data)>> ReadAsync(HttpClient client, string? lastId, Action? first = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/story/events");
            if (lastId is not null) request.Headers.Add("Last-Event-ID", lastId);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var parser = System.Net.ServerSentEvents.SseParser.Create(await response.Content.ReadAsStreamAsync());
            var events = new List<(string, string, string)>();
            await foreach (var item in parser.EnumerateAsync())
            {
                events.Add((item.EventId ?? "", item.EventType, item.Data));
                if (events.Count == 1) first?.Invoke();
            }
            return events;
        }
    }

    [Fact]
    public async Task Events_OfALongRun_EndInGoodOrderAndGoOnWithTheLastId()
    {
        await using var server =
            await ApiServer.StartAsync(
                new() { EventPollInterval = TimeSpan.FromMilliseconds(10), EventStreamLimit = TimeSpan.FromMilliseconds(100) });
        var go = new TaskCompletionSource();
        server.Pipeline.Pool.OnJob = job => job.JobId.Contains("/000003/", StringComparison.Ordinal) ? go.Task : Task.CompletedTask;
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 6)), "long", null);

        var steps = new List<int>();
        string? last = null;
        var streams = 0;
        for (var ended = false; !ended; streams++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/long/events");
            if (last is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(await response.Content.ReadAsStreamAsync())
                .EnumerateAsync())
            {
                last = item.EventId;
                item.Data.ShouldNotContain("broke off");
                if (item.EventType == RunEventNames.Metrics && ApiCases.Read<MetricsRow>(item.Data) is { Stage: "r1-zero" } row)
                    steps.Add(row.Step);
                ended |= item.EventType == RunEventNames.End;
            }
            if (streams == 3) go.SetResult();
        }
        streams.ShouldBeGreaterThan(3);
        steps.Distinct().ShouldBe([1, 2, 3, 4, 5, 6]);
        steps.ShouldBe(steps.Order().ToList(), "nothing but the last step is told again");
    }

    [Fact]
    public async Task Events_WithNothingNew_SendSignsOfLife()
    {
        await using var server =
            await ApiServer.StartAsync(
                new() { EventPollInterval = TimeSpan.FromMilliseconds(10), EventHeartbeat = TimeSpan.FromMilliseconds(30) });
        var go = new TaskCompletionSource();
        server.Pipeline.Pool.OnJob = _ => go.Task;
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "quiet", null);
        using var response = await server.Client.GetAsync("/api/runs/quiet/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        var beats = 0;
        while (beats < 3)
        {
            if ((await reader.ReadLineAsync())!.StartsWith(':')) beats++;
        }
        beats.ShouldBe(3);
        go.SetResult();
    }
}
