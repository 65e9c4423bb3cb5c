using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>Figures given to MLflow: with their names, each once, whatever happens on the way.</summary>
public sealed class MlflowTrackerTests : IAsyncLifetime
{
    private readonly OutboundHttp http = new();
    private MlflowStandIn server = null!;
    private MlflowTracker tracker = null!;
    private TrackingService service = null!;

    public async ValueTask InitializeAsync()
    {
        server = await MlflowStandIn.StartAsync();
        tracker = new(http, new Secrets(name => name == "TOKEN" ? "secret" : null));
        service = new(TrackerKind.Mlflow, server.Address + "/", Private: true);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        http.Dispose();
    }

    [Fact]
    public async Task Send_Figures_AreThereWithNamesStepsAndTimes()
    {
        await tracker.SendAsync(service, Stage(), [Row(1, ("reward/mean", 0.5), ("kl", 0.1)), Row(2, ("reward/mean", 0.6))], default);
        var run = server.Runs.ShouldHaveSingleItem();
        run.Points.ShouldBe([("reward/mean", 0.5, 1000, 1), ("kl", 0.1, 1000, 1), ("reward/mean", 0.6, 2000, 2)]);
        (run.Name, run.Status, run.Tags["r1.run"], run.Tags["r1.stage"]).ShouldBe(("run-1/rl", "RUNNING", "run-1", "rl"));
        run.Params["iterations"].ShouldBe("10");
    }

    [Fact]
    public async Task Send_NumbersThatAreNotFinite_TakeNothingWithThem()
    {
        await tracker.SendAsync(service, Stage(), [Row(1, ("a", double.NaN), ("b", double.PositiveInfinity), ("c", double.NegativeInfinity),
            ("d", 4))], default);
        server.Runs.Single().Points.Select(point => (point.Key, point.Value, point.Time, point.Step)).ShouldBe(
            [("a", double.NaN, 1000, 1), ("b", double.PositiveInfinity, 1000, 1), ("c", double.NegativeInfinity, 1000, 1),
                ("d", 4, 1000, 1)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_AgainAfterTheAnswerWasLost_DoublesNothing(bool isFileStore)
    {
        server.IsFileStore = isFileStore;
        MetricsRow[] rows = [Row(1, ("reward/mean", 0.5)), Row(2, ("reward/mean", 0.6))];
        server.Fails = path => path.EndsWith("log-batch", StringComparison.Ordinal) ? (503, true) : null;
        // The first batch, with the settings, is taken and its answer lost; so is the next one, with the points.
        for (var times = 0; times < 2; times++)
            await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service, Stage(isResumed: times > 0), rows, default));
        server.Fails = _ => null;
        await tracker.SendAsync(service, Stage(isResumed: true), rows, default);
        server.Runs.ShouldHaveSingleItem().Points.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_AgainWithTheTimesOfAnotherRecord_DoublesNothing(bool isFileStore)
    {
        server.IsFileStore = isFileStore;
        await tracker.SendAsync(service, Stage(), [Row(1, ("kl", 0.5)), Row(2, ("kl", 0.6))], default);
        // Lines of figures are recorded at least once: the second time has another clock.
        var later = Row(2, ("kl", 0.6)) with { WallTime = DateTimeOffset.FromUnixTimeMilliseconds(2500) };
        await tracker.SendAsync(service, Stage(isResumed: true), [later, Row(3, ("kl", 0.7))], default);
        server.Runs.Single().Points.Select(point => (point.Step, point.Time)).ShouldBe([(1, 1000), (2, 2000), (3, 3000)]);
    }

    [Fact]
    public async Task Send_SettingsThatDidNotArrive_AreThereWhenItGoesOn()
    {
        server.Fails = path => path.EndsWith("log-batch", StringComparison.Ordinal) ? (503, false) : null;
        await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service, Stage(), [Row(1, ("kl", 1))], default));
        server.Fails = _ => null;
        await tracker.SendAsync(service, Stage(isResumed: true), [Row(1, ("kl", 1))], default);
        var run = server.Runs.ShouldHaveSingleItem();
        run.Params["iterations"].ShouldBe("10");
        run.Points.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Send_SettingThatIsThereOtherwise_HoldsNoFigureUp()
    {
        await tracker.SendAsync(service, Stage(), [], default);
        var other = Stage(isResumed: true) with { Settings = new Dictionary<string, string> { ["iterations"] = "12", ["seed"] = "1" } };
        await tracker.SendAsync(service, other, [Row(1, ("kl", 1))], default);
        var run = server.Runs.ShouldHaveSingleItem();
        (run.Params["iterations"], run.Params["seed"], run.Points.Count).ShouldBe(("10", "1", 1));
    }

    [Fact]
    public async Task Send_LongSettingsAndManyFigures_GoInRequestsBelowTheLimit()
    {
        server.LongestRequest = 1_000_000; // as Databricks documents it
        var settings = Enumerable.Range(0, 100).ToDictionary(number => $"setting{number}", _ => new string('é', 7000));
        var row = Row(1, [.. Enumerable.Range(0, 1000).Select(number => (new string('ü', 240) + number, 1.0))]);
        await tracker.SendAsync(service, Stage() with { Settings = settings }, [row], default);
        var run = server.Runs.Single();
        (run.Params.Count, run.Points.Count).ShouldBe((100, 1000));
    }

    [Fact]
    public async Task Send_ServerThatWantsAnotherLogin_IsSaidInItsWords()
    {
        server.Users["somebody"] = "else";
        (await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service, Stage(), [], default))).Message
            .ShouldContain("401");
    }

    [Fact]
    public async Task Send_AgainAfterTheRunsCreationWasLost_MakesNoSecondRun()
    {
        server.Fails = path => path.EndsWith("runs/create", StringComparison.Ordinal) ? (504, true) : null;
        await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service, Stage(), [Row(1, ("kl", 1))], default));
        server.Fails = _ => null;
        await tracker.SendAsync(service, Stage(isResumed: true), [Row(1, ("kl", 1))], default);
        server.Runs.ShouldHaveSingleItem().Points.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Send_StageThatEndedAndGoesOn_SaysSo()
    {
        await tracker.SendAsync(service, Stage(TrackedStatus.Failed), [Row(1, ("kl", 1))], default);
        var run = server.Runs.Single();
        (run.Status, run.EndTime).ShouldBe(("FAILED", 9000));
        await tracker.SendAsync(service, Stage(), [Row(2, ("kl", 1))], default);
        run.Status.ShouldBe("RUNNING");
        await tracker.SendAsync(service, Stage(TrackedStatus.Finished), [], default);
        run.Status.ShouldBe("FINISHED");
    }

    [Fact]
    public async Task Send_ManyFigures_GoInBatchesThatAreTaken()
    {
        var rows = Enumerable.Range(1, 200)
            .Select(step => Row(step, [.. Enumerable.Range(0, 30).Select(number => ($"figure/{number}", (double)step))])).ToList();
        await tracker.SendAsync(service, Stage(), rows, default);
        server.Runs.Single().Points.Count.ShouldBe(6000);
    }

    [Fact]
    public async Task Send_NamesThatMlflowRefuses_AreChangedAndStayApart()
    {
        await tracker.SendAsync(service, Stage(), [Row(1, ("a@b", 1), ("a#b", 2), ("sources/ü/reward", 3), ("x//y", 4),
            (new string('n', 300), 5), ("a/../b", 6))], default);
        var keys = server.Runs.Single().Points.Select(point => point.Key).ToList();
        keys.Distinct().Count().ShouldBe(6);
        keys.ShouldContain("sources/ü/reward");
    }

    [Fact]
    public async Task Send_Token_IsOfItsVariable()
    {
        await tracker.SendAsync(service with { TokenVariable = "TOKEN" }, Stage(), [], default);
        server.Requests.ShouldAllBe(request => request.Headers["Authorization"] == "Bearer secret");
        var error = await Should.ThrowAsync<TrackerException>(
            () => tracker.SendAsync(service with { TokenVariable = "NOT_SET" }, Stage(), [], default));
        error.Message.ShouldContain("NOT_SET");
    }

    [Fact]
    public async Task Send_DeletedExperiment_IsSaid()
    {
        await tracker.SendAsync(service, Stage(), [], default);
        server.Delete("lab");
        (await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service, Stage(), [], default))).Message
            .ShouldContain("'lab' is deleted");
    }

    [Fact]
    public async Task Send_PrivateAddressThatNobodyAllowed_GoesNowhere()
    {
        await Should.ThrowAsync<TrackerException>(() => tracker.SendAsync(service with { Private = false }, Stage(), [], default));
        server.Requests.ShouldBeEmpty();
    }

    internal static MetricsRow Row(int step, params (string Name, double Value)[] values) =>
        new("rl", step, DateTimeOffset.FromUnixTimeMilliseconds(step * 1000),
            values.ToDictionary(value => value.Name, value => value.Value));

    private static TrackedStage Stage(TrackedStatus status = TrackedStatus.Running, bool isResumed = false) => new(
        "run-1/rl", "run-1", "rl", "lab", status, DateTimeOffset.FromUnixTimeMilliseconds(500),
        new Dictionary<string, string> { ["iterations"] = "10" }, isResumed,
        status == TrackedStatus.Running ? null : DateTimeOffset.FromUnixTimeMilliseconds(9000));
}
