using System.Text.Json;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Tests.Commands;

/// <summary>The client commands against a service.</summary>
public sealed class RunCommandsTests : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private FakeApi api = null!;

    public async ValueTask InitializeAsync() => api = await FakeApi.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Runs_Host_ListsThem()
    {
        var outcome = await R1Async("runs");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldContain(SampleRuns.Id);
        outcome.Output.ShouldContain("running");
    }

    [Fact]
    public async Task Status_Run_DrawsIt()
    {
        var outcome = await R1Async("status", SampleRuns.Id);
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldContain("42/65");
        outcome.Output.ShouldNotContain("Ctrl-C");
    }

    [Fact]
    public async Task Status_Json_IsTheApisAnswer()
    {
        var outcome = await R1Async("status", SampleRuns.Id, "--json");
        JsonDocument.Parse(outcome.Output).RootElement.GetProperty("stages")[1].GetProperty("done").GetInt32().ShouldBe(42);
    }

    [Fact]
    public async Task Status_AccessToken_IsSentAlong()
    {
        await R1.RunWithAsync(folder, new() { ["R1_URL"] = api.Url, ["R1_TOKEN"] = "abc" }, "status", SampleRuns.Id);
        api.Authorizations.ShouldContain("Bearer abc");
    }

    [Theory]
    [InlineData(null, null, null, "Set R1_API_KEY to the host's key, or name its file with --api-key-file.")]
    [InlineData("ApiKey", "wrong", null, "The key in R1_API_KEY (or --api-key-file) is not the host's.")]
    [InlineData("Bearer realm=\"host\"", "right", null, "Set R1_TOKEN to an access token")]
    [InlineData("Bearer realm=\"host\"", "right", "old", "The access token in R1_TOKEN is refused")]
    public async Task Status_WhereTheHostAsksWhoOneIs_SaysWhichVariableToSet(string? challenge, string? key, string? token, string hint)
    {
        await using var guarded = await FakeApi.StartAsync(apiKey: "other", challenge);
        var environment = new Dictionary<string, string?> { ["R1_URL"] = guarded.Url };
        if (key is not null) environment["R1_API_KEY"] = key;
        if (token is not null) environment["R1_TOKEN"] = token;
        var outcome = await R1.RunWithAsync(folder, environment, "status", SampleRuns.Id);
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldContain("The header X-Api-Key is required.");
        outcome.Error.ShouldContain(hint);
    }

    [Fact]
    public async Task Follow_StreamThatTheHostEnds_GoesOnWithTheLastEventAndTellsAStepOnce()
    {
        using var client = new RunClient(new Uri(api.Url));
        var steps = new List<int>();
        await foreach (var item in RunWatcher.FollowAsync(client, SampleRuns.Id, CancellationToken.None))
        {
            if (item.Data is MetricsRow row) steps.Add(row.Step);
        }
        api.LastEventIds.ShouldBe([null, "r1-zero=3"]);
        steps.ShouldBe([1, 2, 3]);
        api.Requests.Count(request => request.Contains("/metrics", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Status_UnknownRun_IsBadInput()
    {
        var outcome = await R1Async("status", "nobody");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldBe("r1: There is no run 'nobody'.\n");
    }

    [Fact]
    public async Task Retry_RefusedRun_TellsWhy()
    {
        var outcome = await R1Async("retry", SampleRuns.Id, "--stage", "r1-zero");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldContain("is running and cannot be retried");
        api.Requests.ShouldContain($"POST /api/runs/{SampleRuns.Id}/retry?stage=r1-zero");
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("cancel")]
    public async Task Steer_Run_PostsAndShowsIt(string command)
    {
        var outcome = await R1Async(command, SampleRuns.Id);
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        api.Requests.ShouldContain($"POST /api/runs/{SampleRuns.Id}/{command}");
        outcome.Output.ShouldContain(SampleRuns.Id);
    }

    /// <summary>A host that shows the run ends with it: whoever cancelled it must not ask that host again.</summary>
    [Fact]
    public async Task Cancel_Run_AsksTheHostOnce()
    {
        (await R1Async("cancel", SampleRuns.Id)).ExitCode.ShouldBe(ExitCode.Ok);
        api.Requests.ShouldBe([$"POST /api/runs/{SampleRuns.Id}/cancel"]);
    }

    [Theory]
    [InlineData("http_proxy")]
    [InlineData("all_proxy")]
    public async Task Runs_ProxyInTheEnvironment_IsNotForThisMachine(string variable)
    {
        var outcome =
            await R1Process.RunWithAsync(folder, new() { ["R1_URL"] = api.Url, [variable] = "http://127.0.0.1:9", ["no_proxy"] = "" },
                "runs");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
    }

    [Fact]
    public async Task Metrics_Stage_IsATable()
    {
        var outcome = await R1Async("metrics", SampleRuns.Id, "--stage", "r1-zero", "--since", "0");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        api.Requests.ShouldContain($"GET /api/runs/{SampleRuns.Id}/metrics?stage=r1-zero&since=0");
        outcome.Output.ShouldContain("reward");
        outcome.Output.ShouldContain("0.440");
        outcome.Output.TrimEnd().Split('\n')
            .ShouldAllBe(line => line.StartsWith(" r1-zero", StringComparison.Ordinal) || char.IsAsciiDigit(line[1]), "a line a step");
        outcome.Output.ShouldNotContain("…");
    }

    [Fact]
    public async Task Metrics_Json_IsALineAStep()
    {
        var outcome = await R1Async("metrics", SampleRuns.Id, "--json");
        outcome.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32())
            .ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Samples_AnswersThatSteerATerminal_AreShownWithoutIt()
    {
        api.Sample = new("\u001b]0;title\u0007question", "\u001b]52;c;aGk=\u0007 \u009b2J \u202Etxt", "\u001b[31m140", Correct: true,
            Greedy: true);
        var outcome = await R1Async("samples", SampleRuns.Id);
        outcome.Output.ShouldContain("52;c;aGk=");
        outcome.All.Where(c => char.IsControl(c) && c != '\n' || c == '\u202E').ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_ErrorThatSteersATerminal_IsShownWithoutIt()
    {
        api.Run = SampleRuns.Run(RunStatus.Failed,
            SampleRuns.Base with { Label = "\u001b[31mbase", Status = StageStatus.Failed }) with {
                Error = "broken \u001b]52;c;aGk=\u0007\rfine" };
        (await R1Async("status", SampleRuns.Id)).All.Where(c => char.IsControl(c) && c != '\n').ShouldBeEmpty();
        var absent = await R1Async("status", "x\u001b[2J");
        absent.ExitCode.ShouldNotBe(ExitCode.Ok);
        absent.All.Where(c => char.IsControl(c) && c != '\n').ShouldBeEmpty();
    }

    [Fact]
    public async Task Samples_Run_ShowsAnswers()
    {
        var outcome = await R1Async("samples", SampleRuns.Id);
        outcome.Output.ShouldContain("57+83=");
        outcome.Output.ShouldContain("greedy  <answer>140</answer>");
    }

    [Fact]
    public async Task Report_DamagedInStorage_IsTold()
    {
        var outcome = await R1Async("report", "damaged");
        outcome.ExitCode.ShouldBe(ExitCode.Environment, outcome.All);
        outcome.Error.ShouldStartWith("r1: What storage holds of the run is damaged");
    }

    [Fact]
    public async Task Report_Run_ShowsBeforeAndAfter()
    {
        var outcome = await R1Async("report", SampleRuns.Id);
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        outcome.Output.ShouldContain("99.2 %");
    }

    [Fact]
    public async Task Runs_NoHostOnTheDataFolder_IsAnEnvironmentProblem()
    {
        var outcome = await R1.RunAsync(folder, "runs");
        outcome.ExitCode.ShouldBe(ExitCode.Environment);
        outcome.Error.ShouldContain("No host runs on the data folder");
    }

    [Fact]
    public async Task Runs_HostFileOfTheDataFolder_IsFollowed()
    {
        folder.Write("data/host.json",
            $$"""{ "pid": {{Environment.ProcessId}}, "url": "{{api.Url}}", "startedAt": "2026-03-01T00:00:00Z", "version": "0.1.0" }""");
        (await R1.RunAsync(folder, "runs", "--data", folder["data"])).ExitCode.ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Runs_HostThatIsGone_IsAnEnvironmentProblem()
    {
        var url = api.Url;
        await api.DisposeAsync();
        var outcome = await R1.RunAsync(folder, "runs", "--url", url);
        outcome.ExitCode.ShouldBe(ExitCode.Environment);
        outcome.Error.ShouldContain($"No host answers at {url}");
    }

    [Fact]
    public async Task Runs_AddressThatIsNone_IsBadInput()
    {
        var outcome = await R1.RunAsync(folder, "runs", "--url", "localhost");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput);
        outcome.Error.ShouldContain("'localhost' is not an address");
    }

    [Fact]
    public async Task Runs_ServiceWithAKey_TakesItFromTheEnvironment()
    {
        await using var guarded = await FakeApi.StartAsync(apiKey: "open sesame");
        var refused = await R1.RunAsync(folder, "runs", "--url", guarded.Url);
        refused.ExitCode.ShouldBe(ExitCode.BadInput);
        refused.Error.ShouldContain("X-Api-Key");
        var outcome = await R1.RunWithAsync(folder, new() { ["R1_API_KEY"] = "open sesame" }, "runs", "--url", guarded.Url);
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
    }

    private Task<ProcessOutcome> R1Async(params string[] arguments) => R1.RunAsync(folder, (string[])[.. arguments, "--url", api.Url]);
}
