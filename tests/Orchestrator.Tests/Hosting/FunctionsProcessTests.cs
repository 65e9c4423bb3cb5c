using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.DurableTask.Protobuf;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Tests.Api;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Web;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// The app's own process, started and used as the Functions host does it, on Durable Task's Azure Storage provider over Azurite.
/// </summary>
public sealed class FunctionsProcessTests(AppFixture app) : IClassFixture<AppFixture>
{
    /// <summary>Cases of the shared table that need no run but the one that is done.</summary>
    public static TheoryData<string> Cases =>
        [.. ApiCases.All.Where(item => !item.Contains.Append(item.Path).Any(NeedsAnotherRun)).Select(item => item.Name)];

    [Fact]
    public void Functions_OfTheCode_AreDeclaredWithTheirBindings()
    {
        Declared("complete-job").ShouldBe([
            """{"name":"message","type":"queueTrigger","direction":"In","queueName":"r1-completions","connection":"R1Queues","dataType":"String"}""",
            """{"name":"client","type":"durableClient","direction":"In"}"""]);
        Declared("keep-workers").ShouldBe([
            """{"name":"timer","type":"timerTrigger","direction":"In","schedule":"%R1_KEEP_WORKERS%"}""",
            """{"name":"client","type":"durableClient","direction":"In"}"""]);
        Declared("health").ShouldBe([
            """{"name":"request","type":"httpTrigger","direction":"In","authLevel":"Anonymous","methods":["get"],"route":"api/health"}""",
            """{"name":"$return","type":"http","direction":"Out"}"""]);
        Declared("run-api").ShouldBe([
            """{"name":"request","type":"httpTrigger","direction":"In","authLevel":"Function","route":"api/{*path}"}""",
            """{"name":"client","type":"durableClient","direction":"In"}""",
            """{"name":"$return","type":"http","direction":"Out"}"""]);
        Declared("web-page").ShouldBe([
            """{"name":"request","type":"httpTrigger","direction":"In","authLevel":"Anonymous","methods":["get","head"],"route":"{*path}"}""",
            """{"name":"$return","type":"http","direction":"Out"}"""]);
        Declared("openapi").ShouldBe([
            """{"name":"request","type":"httpTrigger","direction":"In","authLevel":"Function","methods":["get"],"route":"openapi/{*path}"}""",
            """{"name":"$return","type":"http","direction":"Out"}"""]);
    }

    [Fact]
    public void Functions_OfThePipeline_AreDeclaredAndNoOthers()
    {
        var pipeline = new OrchestrationRegistry().AddPipeline(new PipelineOptions());
        OfTrigger("orchestrationTrigger").ShouldBe(pipeline.Orchestrators.Order());
        OfTrigger("activityTrigger").ShouldBe(pipeline.Activities.Order());
        app.Host.Functions.Count.ShouldBe(pipeline.Orchestrators.Count + pipeline.Activities.Count + 6);
        // What the Functions host allows as a name.
        app.Host.Functions.Keys.ShouldAllBe(name => Regex.IsMatch(name, "^[a-zA-Z][a-zA-Z0-9_-]{0,127}$"));
    }

    [Theory]
    [InlineData("/api/health", 200)]
    [InlineData("/api/runs", 401)]
    [InlineData("/api/health/more", 401)]
    [InlineData("/openapi/v1.json", 401)]
    public async Task Request_WithoutAKey_ReachesTheHealthCheckAlone(string path, int status)
    {
        using var response = await app.Host.Stranger!.GetAsync(path);
        ((int)response.StatusCode).ShouldBe(status);
        if (status == 200) (await response.Content.ReadAsStringAsync()).ShouldContain("\"ok\"");
    }

    /// <summary>What gave status 500 and reset connections on busy machines.</summary>
    [Fact]
    public async Task Request_WhoseHalvesComeTooFarApart_IsLookedAtAgainButNeverSentAgain()
    {
        var (looks, orders) = (0, 0);
        using var looker = Client(attempt => looks = attempt);
        using var orderer = Client(attempt => orders = attempt);
        orderer.DefaultRequestHeaders.Add(HostRoute.KeyHeader, "key");
        using var content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");

        var ordered = orderer.PostAsync("/api/reuse", content);
        using (var answer = await looker.GetAsync("/api/health")) answer.IsSuccessStatusCode.ShouldBeTrue();
        looks.ShouldBe(2);
        (await Should.ThrowAsync<Exception>(() => ordered)).Message.ShouldContain("Timed out waiting for the");
        orders.ShouldBe(1);

        HttpClient Client(Action<int> tell) => new(new HttpTriggers(app.Host)
        {
            Late = attempt =>
            {
                tell(attempt);
                return attempt == 1 ? Task.Delay(TimeSpan.FromSeconds(7)) : Task.CompletedTask;
            },
        }) { BaseAddress = new Uri("http://app.test"), Timeout = TimeSpan.FromMinutes(5) };
    }

    [Fact]
    public async Task Page_WithoutAKey_IsServedWithItsFiles()
    {
        using var page = await app.Host.Stranger!.GetAsync("/");
        page.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        page.Headers.GetValues("Content-Security-Policy").ShouldBe([PageMiddleware.Policy]);
        var asset = Regex.Match(await page.Content.ReadAsStringAsync(), "src=\"(/assets/[^\"]+)\"").Groups[1].Value;
        using var script = await app.Host.Stranger!.GetAsync(asset);
        script.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        script.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
    }

    [Fact]
    public async Task Run_AddressWithoutAFragment_LeadsToTheView()
    {
        using var response = await app.Host.Stranger!.GetAsync("/runs/one");
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.Found, await response.Content.ReadAsStringAsync());
        response.Headers.Location!.OriginalString.ShouldBe("/#/runs/one");
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/assets/nothing.js")]
    [InlineData("//api/runs")]
    [InlineData("/x/../api/runs/none")]
    public async Task Path_OfNoFile_FindsNothingAndNoApi(string path)
    {
        // Whole: a relative address that begins with two slashes names a host.
        using var response = await app.Host.Stranger!.GetAsync($"http://app.test{path}");
        ((int)response.StatusCode).ShouldBeOneOf(404, 401);
    }

    [Fact]
    public async Task Api_PathThatIsUnknown_IsTheApisAnswer()
    {
        using var response = await app.Client.GetAsync("/api/x");
        ((int)response.StatusCode).ShouldBe(404);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Fact]
    public async Task Run_ThroughAllTriggers_Completes()
    {
        await app.CompleteAsync();

        var run = await app.Client.GetFromJsonAsync<RunView>($"/api/runs/{AppFixture.Run}", R1Json.Options);
        run!.Stages.ShouldAllBe(stage => stage.Status == StageStatus.Completed);
        app.Host.Durable!.Continued.ShouldBePositive();
        app.Host.Durable.Replayed.ShouldBePositive();
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Request_OfTheSharedTable_IsAnsweredAsEverywhere(string name)
    {
        await app.CompleteAsync();
        await ApiCases.All.Single(item => item.Name == name).RunAsync(app.Client);
    }

    [Fact]
    public async Task Events_OfARun_ComeWhileTheInvocationLasts()
    {
        await app.CompleteAsync();
        using var response = await app.Client.GetAsync($"/api/runs/{AppFixture.Run}/events", HttpCompletionOption.ResponseHeadersRead);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public Task Timer_WhenItFires_LooksAfterTheWorkers() => app.Host.InvokeAsync("keep-workers", new()
    {
        ["json"] = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"2026-01-01T00:00:00+00:00","Next":"2026-01-01T00:02:00+00:00","LastUpdated":"2026-01-01T00:00:00+00:00"},"IsPastDue":false}""",
    });

    [Fact]
    public async Task Activity_ThatFails_TellsTheHostItsFailure()
    {
        var failed = await Should.ThrowAsync<FunctionFailedException>(() =>
            app.Host.InvokeAsync("begin-run", new() { ["string"] = """{"runId":"nobody"}""" },
                new() { ["instanceId"] = new JsonObject { ["string"] = "nobody" } }));

        var details = JsonParser.Default.Parse<TaskFailureDetails>(failed.Details);
        details.ErrorType.ShouldBe(typeof(StorageException).FullName);
        details.ErrorMessage.ShouldContain("nobody");
    }

    [Theory]
    [InlineData("R1_STORAGE", "", "set R1_STORAGE")]
    [InlineData("R1_STORAGE", "http://account.example", "is not the https URL")]
    [InlineData("R1_BATCH_ENDPOINT", "account.batch.example", "R1_BATCH_POOL is missing")]
    public async Task Start_WithoutASetting_EndsWithTheReason(string setting, string value, string reason)
    {
        var settings = new Dictionary<string, string> { [StorageConnection.Variable] = "UseDevelopmentStorage=true", [setting] = value };
        (await Should.ThrowAsync<InvalidOperationException>(() => FunctionsHost.StartAsync(settings))).Message.ShouldContain(reason);
    }

    [Fact]
    public async Task Stop_ByTheHost_EndsTheProcessInGoodOrder()
    {
        await using var host =
            await FunctionsHost.StartAsync(new Dictionary<string, string> { [StorageConnection.Variable] = "UseDevelopmentStorage=true" });
        (await host.StopAsync()).ShouldBe(0);
    }

    private static bool NeedsAnotherRun(string text) =>
        text.Contains("stuck", StringComparison.Ordinal) || text.Contains("broken", StringComparison.Ordinal);

    private string[] Declared(string function) => [.. app.Host.Functions[function].Select(binding => binding.ToJsonString())];

    private IEnumerable<string> OfTrigger(string type) =>
        app.Host.Functions.Where(function => function.Value.Any(binding => binding["type"]!.ToString() == type))
            .Select(function => function.Key).Order();
}
