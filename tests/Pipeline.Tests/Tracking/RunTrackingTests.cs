using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>Runs whose figures go to a tracker while they run.</summary>
public sealed class RunTrackingTests : IAsyncLifetime
{
    private MlflowStandIn server = null!;
    private PipelineHost host = null!;

    public async ValueTask InitializeAsync()
    {
        server = await MlflowStandIn.StartAsync();
        host = new(new()
        {
            JobCheckInterval = TimeSpan.FromSeconds(20), EventPollInterval = TimeSpan.FromMilliseconds(20),
            Services = new()
            {
                Tracking = new Dictionary<string, TrackingService> { ["lab"] = new(TrackerKind.Mlflow, server.Address, Private: true) },
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Keep_RunThatGoesOnAndEnds_HasItsFiguresThereOnce()
    {
        var held = new TaskCompletionSource();
        host.Pool.OnJob = job => job.JobId == "r1-zero/000003/rollout/0" ? held.Task : Task.CompletedTask;
        await host.Runs.CreateAsync(Recipe(), "tracked", null);
        await host.WaitAsync("tracked", run => run.Stages[1].Done == 3);
        for (var times = 0; times < 2; times++) await KeepAsync();
        var half = server.Runs.Single(run => run.Name == "tracked/r1-zero").Points.Count;
        held.SetResult();
        await host.WaitAsync("tracked", RunStatus.Completed);
        for (var times = 0; times < 2; times++) await KeepAsync();

        server.Runs.Select(run => (run.Name, run.Status)).ShouldBe([("tracked/base", "FINISHED"), ("tracked/r1-zero", "FINISHED")]);
        var run = server.Runs[1];
        half.ShouldBeInRange(1, run.Points.Count - 1);
        run.Points.Select(point => (point.Key, point.Step)).ShouldBeUnique();
        run.Points.Where(point => point.Key == MetricNames.RewardMean).Select(point => point.Step).ShouldBe([1, 2, 3, 4, 5]);
        run.Points.ShouldContain(point => point.Key == MetricNames.EvalPassAt1 && point.Step == 5);
        var rows = await host.Services.GetRequiredService<MetricsReader>().ReadAsync("tracked", "r1-zero", default);
        run.Points.Count.ShouldBe(rows.Sum(row => row.Values.Count));
    }

    [Fact]
    public async Task Keep_TrackerThatIsAway_GetsTheRestWhenItIsBackAndTheRunIsNotHeldUp()
    {
        server.Fails = _ => (503, false);
        await host.Runs.CreateAsync(Recipe(), "away", null);
        await host.WaitAsync("away", RunStatus.Completed);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var tracking = Tracking(clock);
        var spec = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync("away"))!;
        for (var tries = 0; tries < 3; tries++)
        {
            (await tracking.KeepAsync(spec, default)).ShouldBeFalse();
            clock.Advance(TimeSpan.FromMinutes(5));
        }
        server.Runs.ShouldBeEmpty();
        server.Fails = _ => null;
        (await tracking.KeepAsync(spec, default)).ShouldBeTrue();
        server.Runs.Count.ShouldBe(2);
        var asked = server.Requests.Count;
        (await tracking.KeepAsync(spec, default)).ShouldBeTrue();
        server.Requests.Count.ShouldBe(asked, "it has all: nothing more is asked");
    }

    [Fact]
    public async Task Keep_FailedRunThatIsRetried_GoesOnInTheSameRunThere()
    {
        host.Pool.OnJob = job => job.JobId == "r1-zero/000002/update/0" ? throw new Shared.BadInputException("no") : Task.CompletedTask;
        await host.Runs.CreateAsync(Recipe(), "again", null);
        await host.WaitAsync("again", RunStatus.Failed);
        await KeepAsync();
        server.Runs.Single(run => run.Name == "again/r1-zero").Status.ShouldBe("FAILED");
        host.Pool.OnJob = _ => Task.CompletedTask;
        await host.Runs.RetryAsync("again");
        await host.WaitAsync("again", RunStatus.Completed);
        await KeepAsync();

        server.Runs.Count.ShouldBe(2);
        var run = server.Runs.Single(one => one.Name == "again/r1-zero");
        run.Status.ShouldBe("FINISHED");
        run.Points.Select(point => (point.Key, point.Step)).ShouldBeUnique();
    }

    [Fact]
    public async Task Tracking_InARecipe_ChangesNoStageKey()
    {
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "first", null);
        await host.WaitAsync("first", RunStatus.Completed);
        var second = await host.Runs.CreateAsync(Recipe(), "second", null);
        second.Stages.ShouldAllBe(stage => stage.ReusedFrom!.RunId == "first");
    }

    [Fact]
    public async Task Keep_TokenOfATracker_IsStoredNowhereAndNeverSaid()
    {
        const string Token = "very-secret-token";
        var log = new Lines();
        var service = new TrackingService(TrackerKind.Mlflow, server.Address, TokenVariable: "LAB_TOKEN", Private: true);
        var options = host.Options with { Services = new() { Tracking = new Dictionary<string, TrackingService> { ["lab"] = service } } };
        using var http = new OutboundHttp();
        var tracking = new RunTracking(host.Services.GetRequiredService<RunViewer>(), host.Services.GetRequiredService<MetricsReader>(),
            host.Blobs, [new MlflowTracker(http, new Secrets(_ => Token))], options, TimeProvider.System, log);
        await host.Runs.CreateAsync(Recipe(), "secret", null);
        await host.WaitAsync("secret", RunStatus.Completed);
        var spec = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync("secret"))!;
        server.Users["somebody"] = "else"; // it is refused, and says why
        (await tracking.KeepAsync(spec, default)).ShouldBeFalse();

        server.Requests.ShouldContain(request => request.Headers["Authorization"] == $"Bearer {Token}");
        log.Said.ShouldHaveSingleItem().ShouldContain("401");
        log.Said.ShouldAllBe(line => !line.Contains(Token, StringComparison.Ordinal));
        host.Blobs.Paths.ShouldContain(path => path.EndsWith("tracking/lab.json", StringComparison.Ordinal));
        foreach (var path in host.Blobs.Paths)
            (await host.Blobs.TryReadAsync(path))?.ToString().ShouldNotContain(Token, Case.Insensitive, path);
    }

    private static Shared.Recipes.Loading.LoadedRecipe Recipe() =>
        TestRecipes.Load(TestRecipes.Json().Insert(1, """ "tracking": ["lab"], """));

    private Task KeepAsync() => host.Services.GetRequiredService<WorkerKeeper>().KeepAsync(default);

    private RunTracking Tracking(TimeProvider clock) => new(host.Services.GetRequiredService<RunViewer>(),
        host.Services.GetRequiredService<MetricsReader>(), host.Blobs, host.Services.GetServices<ITracker>(), host.Options, clock,
        NullLogger<RunTracking>.Instance);

    private sealed class Lines : ILogger<RunTracking>
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception) + exception);
    }
}
