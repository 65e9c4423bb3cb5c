using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Golden;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>What a host does all the time does not grow with the runs that there have been.</summary>
public class ManyRunsTests
{
    private const int Many = 10_000;

    [Fact]
    public async Task ListAndKeep_TenThousandFinishedRuns_TakeAFewCalls()
    {
        CountingClient client = null!;
        await using var host = new PipelineHost(watch: engine => client = new(engine));
        var held = new TaskCompletionSource();
        host.Pool.OnJob = _ => held.Task;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "active", null);
        await host.WaitAsync("active", run => run.Stages[0].Status == StageStatus.Running);
        await FinishedAsync(host);
        var keeper = host.Services.GetRequiredService<WorkerKeeper>();
        await keeper.KeepAsync(default);
        var (accesses, listings) = (0, 0);
        // its worker is at work
        host.Blobs.OnAccess = path => accesses += path.StartsWith("runs/active/", StringComparison.Ordinal) ? 0 : 1;
        host.Blobs.OnList = _ => listings++;
        client.Reset();

        (await host.Runs.ListAsync()).Runs.Count.ShouldBe(100);
        (accesses, listings).ShouldBe((99, 1), "one small summary a run; the active one's is not counted here");
        (client.Calls, client.Listed).ShouldBe((100, 0));

        (accesses, listings) = (0, 0);
        client.Reset();
        (await host.Runs.ListAsync(new([], Text: "OLD-0000"))).Runs.Select(run => run.Id)
            .ShouldBe(Enumerable.Range(1, 9).Select(number => $"old-{10 - number:D5}"));
        (accesses, client.Calls).ShouldBe((9, 9), "names that do not match cost nothing");

        (accesses, listings) = (0, 0);
        client.Reset();
        await keeper.KeepAsync(default);
        (accesses, listings).ShouldBe((0, 1));
        client.Calls.ShouldBe(3, "the unfinished ones, and the active run before and after its workers are seen to");
        client.Listed.ShouldBeLessThan(5);

        client.Reset();
        (await host.Runs.ListAsync(new([RunStatus.Running, RunStatus.Paused]))).Runs.ShouldHaveSingleItem().Id.ShouldBe("active");
        client.Calls.ShouldBeLessThan(5);

        client.Reset();
        var failed = await host.Runs.ListAsync(new([RunStatus.Failed]));
        failed.Runs.ShouldBeEmpty();
        failed.Next.ShouldNotBeNull("it gives up after some, and is gone on with");
        client.Calls.ShouldBeInRange(1, 1000);
        held.SetResult();
    }

    [Fact]
    public async Task List_InPages_GivesEveryRunOnceNewestFirst()
    {
        await using var host = new PipelineHost();
        for (var number = 0; number < 7; number++)
            await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: "", seed: number)), $"run-{number}",
                null);
        for (var number = 0; number < 7; number++) await host.WaitAsync($"run-{number}", RunStatus.Completed);

        foreach (var states in new RunStatus[][] { [], [RunStatus.Completed], [RunStatus.Completed, RunStatus.Running] })
        {
            var (ids, pages) = (new List<string>(), 0);
            for (string? after = null; ;)
            {
                var page = await host.Runs.ListAsync(new(states, Limit: 3, after));
                page.Runs.Count.ShouldBeInRange(1, 3);
                ids.AddRange(page.Runs.Select(run => run.Id));
                pages++;
                if ((after = page.Next) is null) break;
            }
            ids.ShouldBe(Enumerable.Range(0, 7).Select(number => $"run-{6 - number}"));
            pages.ShouldBe(3);
        }
        (await host.Runs.ListAsync(new([], Limit: 7))).Next.ShouldBeNull();
        var none = await host.Runs.ListAsync(new([RunStatus.Failed]));
        none.Runs.ShouldBeEmpty();
        none.Next.ShouldBeNull();
        (await host.Runs.ListAsync(new([RunStatus.Queued]))).Runs.ShouldBeEmpty();
    }

    [Fact]
    public async Task List_OfARunThatWasOrderedInVain_ShowsItOnceWhenItIs()
    {
        await using var host = new PipelineHost();
        var fails = true;
        host.Blobs.OnAccess = path =>
        {
            if (fails && path == BlobLayout.RunSpec("twice")) throw new StorageException("storage is away");
        };
        var recipe = TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: ""));
        await Should.ThrowAsync<StorageException>(() => host.Runs.CreateAsync(recipe, "twice", null));
        fails = false;

        var created = await host.Runs.CreateAsync(recipe, "twice", null);

        (await host.Runs.ListAsync()).Runs.ShouldHaveSingleItem().CreatedAt.ShouldBe(created.CreatedAt);
    }

    [Fact]
    public async Task Keep_RunThatHasEnded_ForgetsItsIterationsAndTheRunStaysAsItWas()
    {
        await using var host = new PipelineHost();
        host.Pool.OnJob = job => job.JobId == "r1-zero/000002/update/0" ? throw new BadInputException("no") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 3)), "done", null);
        var failed = await host.WaitAsync("done", RunStatus.Failed);
        var keeper = host.Services.GetRequiredService<WorkerKeeper>();

        await keeper.KeepAsync(default);

        (await InstancesAsync(host)).ShouldBe(["done", "done:base", "done:r1-zero"], ignoreOrder: true);
        var view = await host.Runs.GetAsync("done");
        view.Stages.Select(stage => (stage.Status, stage.Done, stage.Checkpoint))
            .ShouldBe(failed.Stages.Select(stage => (stage.Status, stage.Done, stage.Checkpoint)));
        view.Stages[1].Metrics.ShouldBe(failed.Stages[1].Metrics);
        host.Blobs.Paths.ShouldNotContain(path => path.StartsWith(BlobLayout.ActiveRuns, StringComparison.Ordinal));

        host.Pool.OnJob = _ => Task.CompletedTask;
        await host.Runs.RetryAsync("done");
        await host.WaitAsync("done", RunStatus.Completed);
        await keeper.KeepAsync(default);
        (await InstancesAsync(host)).ShouldBe(["done", "done:r1-zero"], ignoreOrder: true);
    }

    [Fact]
    public async Task ListAndKeep_RunsOfVersion1_AreEnteredOnceForAll()
    {
        await using var host = new PipelineHost(
            from: GoldenState.Read(GoldenMoment.All.Single(moment => moment.Name == "completed").File("v1")));
        host.Blobs.Paths.ShouldNotContain(path => path.StartsWith("index/newest", StringComparison.Ordinal));
        await host.Pool.EnsureAsync(GoldenMoment.Run, new()); // a stray one

        var run = (await host.Runs.ListAsync()).Runs.ShouldHaveSingleItem();
        await host.Services.GetRequiredService<WorkerKeeper>().KeepAsync(default);

        (run.Id, run.Name, run.Status, run.Stage).ShouldBe((GoldenMoment.Run, "golden", RunStatus.Completed, "exam"));
        (await host.Pool.GetAsync(GoldenMoment.Run)).Workers.ShouldBeEmpty();
        host.Blobs.Paths.ShouldNotContain(path => path.StartsWith(BlobLayout.ActiveRuns, StringComparison.Ordinal));
        (await InstancesAsync(host)).ShouldNotContain(id => id.EndsWith(":0", StringComparison.Ordinal));
    }

    private static async Task<List<string>> InstancesAsync(PipelineHost host) =>
        await host.Engine.ListAsync().Select(state => state.InstanceId).ToListAsync();

    private static async Task FinishedAsync(PipelineHost host)
    {
        await using (
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = host.DatabasePath, Pooling = false }
                .ToString()))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $$"""
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {{Many}})
                INSERT INTO instances (id, name, status, execution, created, updated, input, output, custom_status)
                SELECT printf('old-%05d', n), 'run', 'Completed', 1, n, n, '{}', '{}', '{}' FROM numbers
                """;
            (await command.ExecuteNonQueryAsync()).ShouldBe(Many);
        }
        for (var number = 1; number <= Many; number++)
            await host.Blobs.WriteAsync(BlobLayout.NewestRun(new(number, TimeSpan.Zero), $"old-{number:D5}", "old"), new BinaryData("{}"));
    }
}
