using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tests.Api;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>What callers may take of a host, and how it refuses more.</summary>
public sealed class HostLimitsTests
{
    private static readonly HostLimits Machine = HostLimits.Of(cores: 8, memoryBytes: 16L << 30);

    [Theory]
    [InlineData("\"workers\": { \"count\": 64 }", "{ \"accuracy/exact\": 1 }", null)]
    [InlineData("\"workers\": { \"count\": 65 }", "{ \"accuracy/exact\": 1 }", "workers.count")]
    [InlineData("\"seed\": 1", "{ \"accuracy/code\": { \"options\": { \"warm\": 64, \"memoryMegabytes\": 2048 } } }", null)]
    [InlineData("\"seed\": 1", "{ \"accuracy/code\": { \"options\": { \"memoryMegabytes\": 2049 } } }",
        "stages.zero.rewards.accuracy/code.options.memoryMegabytes")]
    public void Check_Recipe_IsRefusedWhereItAsksForMoreThanThereIs(string setting, string rewards, string? path)
    {
        var check = () => Machine.Check(Recipe(setting, rewards));
        if (path is null) check.ShouldNotThrow();
        else check.ShouldThrow<RecipeException>().Problems.ShouldHaveSingleItem().Path.ShouldBe(path);
    }

    [Fact]
    public void Check_ManyKindsOfWarmSandboxes_CountTogether()
    {
        string Stage(int i) => $$"""
            "zero{{i}}": { "kind": "rl", "from": "base", "task": "add", "iterations": 2, "rewards": { "accuracy/code": { "options": { "warm": 64, "seconds": {{i}} } } } }
            """;
        var recipe = RecipeLoader.Parse($$"""
            {
              "name": "many", "tasks": { "add": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "add", "steps": 5, "optimizer": { "learningRate": 1e-3, "warmupSteps": 1 } }, {{Stage(1)}}, {{Stage(2)}} }
            }
            """, "recipe");
        Machine.Check(Recipe("\"seed\": 1", "{ \"accuracy/code\": { \"options\": { \"warm\": 64 } } }"));
        Should.Throw<RecipeException>(() => Machine.Check(recipe)).Problems.ShouldHaveSingleItem()
            .Path.ShouldBe("stages.zero2.rewards.accuracy/code.options.warm");
    }

    [Fact]
    public void Check_ManyRewardsBeyondTheLimits_AreToldShortly()
    {
        string Stage(int i) => $$"""
            "z{{i}}": { "kind": "rl", "from": "base", "task": "add", "iterations": 2, "rewards": { "accuracy/code": { "options": { "memoryMegabytes": {{3000 + i}} } } } }
            """;
        var recipe = RecipeLoader.Parse($$"""
            {
              "name": "many", "tasks": { "add": { "kind": "arithmetic" } },
              "stages": { "base": { "kind": "pretrain", "task": "add", "steps": 5, "optimizer": { "learningRate": 1e-3, "warmupSteps": 1 } }, {{string.Join(',', Enumerable.Range(0, 120).Select(Stage))}} }
            }
            """, "recipe");
        var problems = Should.Throw<RecipeException>(() => Machine.Check(recipe)).Problems;
        problems.Count.ShouldBe(100);
        problems[^1].Message.ShouldContain("more problems");
    }

    [Fact]
    public async Task Api_RecipeBeyondTheLimits_Is422()
    {
        await using var server = await ApiServer.StartAsync(new() { Limits = Machine });
        using var response = await PostAsync(server, TestRecipes.Json("wide").Insert(1, "\"workers\": { \"count\": 65 },"), "wide");
        response.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await response.Content.ReadAsStringAsync()).ShouldContain("workers.count");
    }

    [Fact]
    public async Task Api_MoreRunsThanAllowed_Are429UntilOneEnds()
    {
        await using var server = await ApiServer.StartAsync(new() { Limits = new() { ActiveRuns = 2 } });
        using var stuck = new StuckJobs(server);
        foreach (var id in new[] { "one", "two" })
            (await PostAsync(server, TestRecipes.Json(id), id)).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        using var refused = await PostAsync(server, TestRecipes.Json("three"), "three");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await server.Client.GetAsync("/api/runs/three")).StatusCode.ShouldBe(HttpStatusCode.NotFound); // nothing of it is left
        // the same order again needs no room
        (await PostAsync(server, TestRecipes.Json("two"), "two")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        stuck.Fail("one");
        await server.Pipeline.WaitAsync("one", run => run.Status == RunStatus.Failed);
        (await PostAsync(server, TestRecipes.Json("three"), "three")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        // a retried run is a run
        (await server.Client.PostAsync("/api/runs/one/retry", new StringContent("{}", Encoding.UTF8, "application/json")))
            .StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Api_MoreEventStreamsThanAllowed_Are429UntilOneCloses()
    {
        await using var server =
            await ApiServer.StartAsync(
                new() { Limits = new() { EventStreamsPerRun = 2 }, EventPollInterval = TimeSpan.FromMilliseconds(20) });
        using var stuck = new StuckJobs(server);
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "watched", null);
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < 2; i++)
            open.Add(await server.Client.GetAsync("/api/runs/watched/events", HttpCompletionOption.ResponseHeadersRead));
        open.ShouldAllBe(response => response.StatusCode == HttpStatusCode.OK);

        (await server.Client.GetAsync("/api/runs/watched/events", HttpCompletionOption.ResponseHeadersRead))
            .StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);

        open[0].Dispose();
        HttpStatusCode status;
        do
        {
            using var again = await server.Client.GetAsync("/api/runs/watched/events", HttpCompletionOption.ResponseHeadersRead);
            status = again.StatusCode;
        }
        while (status != HttpStatusCode.OK); // the server notices the reader's leave in its own time
        open[1].Dispose();
    }

    [Fact]
    public async Task Api_BodyThatDoesNotCome_Is408()
    {
        await using var server = await ApiServer.StartAsync(new() { Limits = new() { BodyTime = TimeSpan.FromMilliseconds(200) } });
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST {ApiRoutes.Runs} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldStartWith("HTTP/1.1 408");
        // The server itself says as much, without a word, of a body that comes too slowly; a slow one that keeps its pace is ours to end.
        string? line;
        do line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        while (line is not null && !line.Contains("did not come within", StringComparison.Ordinal));
        line.ShouldNotBeNull();
    }

    [Fact]
    public async Task Api_RecipeOfManyProblems_IsAnsweredShortly()
    {
        await using var server = await ApiServer.StartAsync();
        var fields = string.Join(',', Enumerable.Range(0, 190).Select(i => $"\"f{i}\":{{\"{new string('é', 2000)}\":1}}"));
        using var response = await PostAsync(server, $"{{\"name\":\"a\",{fields}}}", "many");
        response.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var answer = await response.Content.ReadAsByteArrayAsync();
        answer.Length.ShouldBeLessThan(256 << 10);
        JsonDocument.Parse(answer).RootElement.GetProperty("problems").GetArrayLength().ShouldBeLessThanOrEqualTo(100);
    }

    // Jobs that do not end before the test does, however it does.
    private sealed class StuckJobs : IDisposable
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> runs = new(StringComparer.Ordinal);

        // Jobs come until the server is gone, which is after this: those must not wait for a gate that nobody opens any more.
        private readonly TaskCompletionSource open = new();

        public StuckJobs(ApiServer server) =>
            server.Pipeline.Pool.OnJob = async job => await await Task.WhenAny(open.Task, runs.GetOrAdd(job.RunId, _ => new()).Task);

        public void Fail(string run) => runs.GetOrAdd(run, _ => new()).SetException(new BadInputException("no such corpus"));

        public void Dispose() => open.TrySetResult();
    }

    private static async Task<HttpResponseMessage> PostAsync(ApiServer server, string recipe, string id) =>
        await server.Client.PostAsync($"{ApiRoutes.Runs}?id={id}&reuse=false",
            new StringContent(recipe, Encoding.UTF8, "application/json"));

    private static LoadedRecipe Recipe(string setting, string rewards) => RecipeLoader.Parse($$"""
        {
          "name": "limits", {{setting}}, "tasks": { "add": { "kind": "arithmetic" } },
          "stages": {
            "base": { "kind": "pretrain", "task": "add", "steps": 5, "optimizer": { "learningRate": 1e-3, "warmupSteps": 1 } },
            "zero": { "kind": "rl", "from": "base", "task": "add", "iterations": 2, "rewards": {{rewards}} }
          }
        }
        """, "recipe");
}
