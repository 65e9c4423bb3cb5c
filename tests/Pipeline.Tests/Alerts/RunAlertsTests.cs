using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Pipeline.Alerts;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Outbound;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Alerts;

/// <summary>Runs that tell a webhook what becomes of them.</summary>
public sealed class RunAlertsTests : IAsyncLifetime
{
    private Hook hook = null!;
    private PipelineHost host = null!;

    public async ValueTask InitializeAsync()
    {
        hook = await Hook.StartAsync();
        host = new(new()
        {
            JobCheckInterval = TimeSpan.FromSeconds(20), EventPollInterval = TimeSpan.FromMilliseconds(20),
            Services = new()
            {
                Notify = new Dictionary<string, NotifyService> { ["ops"] = new(hook.Address + "/secret-path", Private: true) },
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await hook.DisposeAsync();
    }

    [Fact]
    public async Task Keep_RunThatCompletes_IsToldOnceByAFixedId()
    {
        await host.Runs.CreateAsync(Recipe(), "told", null);
        await host.WaitAsync("told", RunStatus.Completed);
        for (var times = 0; times < 3; times++) await KeepAsync();

        var posted = hook.Requests.ShouldHaveSingleItem();
        var alert = JsonSerializer.Deserialize<JsonElement>(posted.Body);
        alert.GetProperty("id").GetString().ShouldBe("told/finished/0");
        alert.GetProperty("kind").GetString().ShouldBe("finished");
        alert.GetProperty("run").GetString().ShouldBe("told");
        alert.GetProperty("text").GetString()!.ShouldContain("'told' is completed");
        posted.Headers["Idempotency-Key"].ShouldBe("told/finished/0");
        posted.Headers["Content-Type"].ShouldBe("application/json; charset=utf-8");
        posted.Headers.ShouldNotContainKey("Authorization");
        host.Blobs.Paths.ShouldNotContain(path => path.StartsWith(BlobLayout.ActiveRuns, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keep_RunThatNamesNobody_TellsNobody()
    {
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "quiet", null);
        await host.WaitAsync("quiet", RunStatus.Completed);
        await KeepAsync();
        hook.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Keep_NumbersThatAreNotFinite_AreToldBesideTheFailure()
    {
        host.Pool.OnJob = job => job.Payload is UpdateJob ? throw new NonFiniteException("Iteration 0: loss is NaN.") : Task.CompletedTask;
        await host.Runs.CreateAsync(Recipe(), "broken", null);
        await host.WaitAsync("broken", RunStatus.Failed);
        await KeepAsync();

        var ids = hook.Requests.Select(one => JsonSerializer.Deserialize<JsonElement>(one.Body).GetProperty("id").GetString()).ToList();
        ids.ShouldBe(["broken/failed/0", "broken/non-finite/0/r1-zero/000000/update/0"], ignoreOrder: true);
    }

    [Fact]
    public async Task Keep_HookThatFails_IsToldTheSameAgainLaterAndTheRunIsNotHeldUp()
    {
        var taken = false;
        hook.Answer = (_, response) =>
        {
            if (!taken) response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await host.Runs.CreateAsync(Recipe(), "again", null);
        await host.WaitAsync("again", RunStatus.Completed);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var alerts = Alerts(clock);
        var spec = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync("again"))!;

        (await alerts.KeepAsync(spec, default)).ShouldBeFalse();
        (await alerts.KeepAsync(spec, default)).ShouldBeFalse("it is too early to try again");
        hook.Requests.Count.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(31));
        taken = true;
        await alerts.KeepAsync(spec, default);
        (await alerts.KeepAsync(spec, default)).ShouldBeTrue();

        hook.Requests.Count.ShouldBe(2);
        hook.Requests.Select(one => one.Body).Distinct().ShouldHaveSingleItem("what is sent again is the same, its time too");
    }

    [Fact]
    public async Task Keep_HookThatIsAwayForGood_IsGivenUp()
    {
        hook.Answer = (_, response) =>
        {
            response.Redirect("https://elsewhere.example/");
            return Task.CompletedTask;
        };
        await host.Runs.CreateAsync(Recipe(), "lost", null);
        await host.WaitAsync("lost", RunStatus.Completed);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var alerts = Alerts(clock);
        var spec = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync("lost"))!;
        for (var tries = 0; tries < RunAlerts.MostTries + 3; tries++)
        {
            await alerts.KeepAsync(spec, default);
            clock.Advance(TimeSpan.FromHours(2));
        }
        (await alerts.KeepAsync(spec, default)).ShouldBeTrue();
        hook.Requests.Count.ShouldBe(RunAlerts.MostTries);
    }

    [Fact]
    public async Task Keep_RunThatStandsStill_IsToldOnceForThatPlace()
    {
        var held = new TaskCompletionSource();
        host.Pool.OnJob = job => job.JobId == "r1-zero/000001/rollout/0" ? held.Task : Task.CompletedTask;
        await host.Runs.CreateAsync(Recipe(), "still", null);
        await host.WaitAsync("still", run => run.Stages[1].Done == 1);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var alerts = Alerts(clock);
        var spec = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync("still"))!;
        await alerts.KeepAsync(spec, default);
        hook.Requests.ShouldBeEmpty();
        clock.Advance(TimeSpan.FromMinutes(61));
        for (var times = 0; times < 3; times++) await alerts.KeepAsync(spec, default);
        held.SetResult();
        await host.WaitAsync("still", RunStatus.Completed);

        var alert = JsonSerializer.Deserialize<JsonElement>(hook.Requests.ShouldHaveSingleItem().Body);
        alert.GetProperty("id").GetString().ShouldBe("still/no-progress/0/r1-zero/1");
    }

    [Fact]
    public async Task Keep_RunThatWaitsForQuota_IsTold()
    {
        var held = new TaskCompletionSource();
        host.Pool.OnJob = _ => held.Task;
        await host.Runs.CreateAsync(Recipe(), "poor", null);
        await host.WaitAsync("poor", run => run.Status == RunStatus.Running && run.Workers.Workers.Count > 0);
        (host.Pool.LastError, host.Pool.WaitsForQuota) = ("pool cannot grow: CoreQuota", true);
        await KeepAsync();
        held.SetResult();
        (host.Pool.LastError, host.Pool.WaitsForQuota) = (null, false);
        await host.WaitAsync("poor", RunStatus.Completed);
        hook.Requests.Count(one => one.Body.Contains("waiting-for-quota", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Keep_TokenOfAVariable_IsSentAndStoredNowhere()
    {
        const string Token = "very-secret-token";
        var service = new NotifyService(hook.Address, TokenVariable: "OPS_TOKEN", Private: true);
        using var http = new OutboundHttp();
        var alert = new Alert("a/finished/0", AlertKind.Finished, "a", "n", "Run 'a' is completed.", DateTimeOffset.UnixEpoch);
        (await new AlertSender(http, new Secrets(name => name == "OPS_TOKEN" ? Token : null)).TrySendAsync(service, alert, default))
            .ShouldBeNull();
        hook.Requests.Single().Headers["Authorization"].ShouldBe($"Bearer {Token}");

        (await new AlertSender(http, new Secrets(_ => null)).TrySendAsync(service, alert, default))!.ShouldContain("OPS_TOKEN");
        (await new AlertSender(http, new Secrets(_ => Token)).TrySendAsync(service with { Private = false }, alert, default))!
            .ShouldNotContain(Token);
        hook.Requests.Count.ShouldBe(1, "neither without its token nor to a private address");
    }

    [Fact]
    public async Task Notify_InARecipe_ChangesNoStageKey()
    {
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "first", null);
        await host.WaitAsync("first", RunStatus.Completed);
        var second = await host.Runs.CreateAsync(Recipe(), "second", null);
        second.Stages.ShouldAllBe(stage => stage.ReusedFrom!.RunId == "first");
    }

    private static Shared.Recipes.Loading.LoadedRecipe Recipe() =>
        TestRecipes.Load(TestRecipes.Json().Insert(1, """ "notify": ["ops"], """));

    private Task KeepAsync() => host.Services.GetRequiredService<WorkerKeeper>().KeepAsync(default);

    private RunAlerts Alerts(TimeProvider clock)
    {
        var services = host.Services;
        return new(services.GetRequiredService<RunViewer>(), services.GetRequiredService<IRunStore>(),
            services.GetRequiredService<RunJobsReader>(), services.GetRequiredService<MetricsReader>(), host.Blobs,
            services.GetRequiredService<AlertSender>(), host.Options, clock, NullLogger<RunAlerts>.Instance);
    }
}
