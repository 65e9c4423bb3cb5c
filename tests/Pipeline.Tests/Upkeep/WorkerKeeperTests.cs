using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Upkeep;

namespace R1Cloud.Pipeline.Tests.Upkeep;

public class WorkerKeeperTests
{
    [Fact]
    public async Task Keep_AfterARestart_ActiveRunsGetWorkersAndOthersNone()
    {
        await using var host = new PipelineHost();
        var go = new TaskCompletionSource();
        host.Pool.OnJob = job =>
            job.RunId == "active" && job.JobId.StartsWith("r1-zero", StringComparison.Ordinal) ? go.Task : Task.CompletedTask;
        foreach (var id in new[] { "active", "ended" }) await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), id, null);
        await host.WaitAsync("ended", RunStatus.Completed);
        await host.WaitAsync("active", run => run.Stages[1].Status == StageStatus.Running);

        // As after a restart of the host: no workers for the run that is active, stray ones for the one that ended.
        go.SetResult();
        var asserted = new TaskCompletionSource();
        host.Pool.OnJob = _ => asserted.Task;
        await host.Pool.ReleaseAsync("active");
        await host.Pool.EnsureAsync("ended", new());
        await host.Services.GetRequiredService<WorkerKeeper>().KeepAsync(default);

        (await host.Pool.GetAsync("active")).Workers.Count.ShouldBe(1);
        (await host.Pool.GetAsync("ended")).Workers.ShouldBeEmpty();
        asserted.SetResult();
        (await host.WaitAsync("active", RunStatus.Completed)).Error.ShouldBeNull();
    }

    [Fact]
    public async Task Keep_RunWhoseWorkersAreRefused_SeesToTheOthers()
    {
        await using var host = new PipelineHost();
        var go = new TaskCompletionSource();
        host.Pool.OnJob = _ => go.Task;
        foreach (var id in new[] { "a-refused", "b-active" })
        {
            await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), id, null);
            await host.WaitAsync(id, run => run.Status == RunStatus.Running);
        }
        host.Pool.OnJob = _ => Task.CompletedTask;
        go.SetResult();
        await host.Pool.ReleaseAsync("a-refused");
        await host.Pool.ReleaseAsync("b-active");
        host.Pool.Refused = "a-refused";

        await host.Services.GetRequiredService<WorkerKeeper>().KeepAsync(default);

        (await host.WaitAsync("b-active", RunStatus.Completed)).Error.ShouldBeNull();
    }

    [Fact]
    public async Task Keep_RunWhosePoolDoesNotAnswer_IsLeftAfterItsLimitAndSeesToTheOthers()
    {
        await using var host = new PipelineHost();
        var clock = new FakeTimeProvider();
        var go = new TaskCompletionSource();
        host.Pool.OnJob = _ => go.Task;
        foreach (var id in new[] { "a-silent", "b-active" })
        {
            await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), id, null);
            await host.WaitAsync(id, run => run.Status == RunStatus.Running);
        }
        host.Pool.OnJob = _ => Task.CompletedTask;
        go.SetResult();
        await host.Pool.ReleaseAsync("b-active");
        host.Pool.Silent = "a-silent";

        var keeping = ActivatorUtilities.CreateInstance<WorkerKeeper>(host.Services, (TimeProvider)clock).KeepAsync(default);
        await host.Pool.AskedInVain.Task.WaitAsync(TimeSpan.FromMinutes(30));

        (await host.WaitAsync("b-active", RunStatus.Completed)).Error.ShouldBeNull();
        keeping.IsCompleted.ShouldBeFalse("the limit of the silent one has not passed");
        clock.Advance(host.Options.WorkerCheckLimit);
        await keeping.WaitAsync(TimeSpan.FromMinutes(30));
    }
}
