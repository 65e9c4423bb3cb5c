using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Reuse;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>A fork begins with another run's stages and iterations, by reference, whatever becomes of that run.</summary>
public class ForkTests
{
    private const string Rate = "stages.r1-zero.optimizer.learningRate";
    private static readonly string Recipe = TestRecipes.Json(iterations: 12, rl: "\"keepEvery\": 5, \"loss\": { \"klWeight\": 0 },");

    [Fact]
    public async Task Fork_InTheMidst_RunsWhatComesAfterAlone()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        host.Pool.Ran.Clear();

        var fork = await ForkAsync(host, "a", "r1-zero:10", "b", (Rate, 2e-4));
        fork.Fork.ShouldBe(new ForkOrigin("a", "r1-zero", 10));
        var run = await host.WaitAsync("b", RunStatus.Completed);

        host.Pool.Ran.ShouldBe(
        [
            "r1-zero/000010/rollout/0", "r1-zero/000010/update/0", "r1-zero/000011/rollout/0", "r1-zero/000011/update/0",
            "r1-zero/000012/final-evaluate/0",
        ]);
        var update = (UpdateJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("b", "r1-zero/000010/update/0"))).Payload;
        update.Policy.ShouldBe("runs/a/checkpoints/r1-zero/step-000010/");
        update.Settings.Optimizer.LearningRate.ShouldBe(2e-4);
        run.Stages.Select(stage => (stage.Name, stage.ReusedFrom, stage.Reason)).ShouldBe(
            [("base", new StageOrigin("a", "base", true), null), ("r1-zero", null, "goes on after iteration 10")]);
        run.Stages[1].Checkpoint.ShouldBe("runs/b/checkpoints/r1-zero/step-000012/");
        (await host.Services.GetMetricsAsync("b")).Rows.Where(row => row.Stage == "r1-zero").Select(row => row.Step)
            .ShouldBe(Enumerable.Range(1, 12), "the first ten are the other run's");
    }

    /// <summary>The pool of the checkpoint's iteration, not an empty one; and it stays while the fork needs it.</summary>
    [Fact]
    public async Task Fork_OfACurriculum_GoesOnWithItsPool()
    {
        await using var host = new PipelineHost();
        var recipe = TestRecipes.Json(iterations: 6, rl: "\"keepEvery\": 5, \"loss\": { \"klWeight\": 0 }, \"curriculum\": {},");
        await host.Runs.CreateAsync(TestRecipes.Load(recipe), "a", null);
        await host.WaitAsync("a", RunStatus.Completed);
        await ForkAsync(host, "a", "r1-zero:5", "b", ("stages.r1-zero.iterations", 12));
        await host.WaitAsync("b", RunStatus.Completed);
        await ForkAsync(host, "b", "r1-zero:5", "c", ("stages.r1-zero.iterations", 7));
        await host.WaitAsync("c", RunStatus.Completed);

        var pool = (await host.Blobs.ReadJsonAsync<JobResult>(BlobLayout.JobResult("a", "r1-zero/000004/update/0"))).Outputs["pool"];
        pool.ShouldStartWith(BlobLayout.Pool("a", "r1-zero", 5));
        (await PoolOfAsync("b")).ShouldBe(pool);
        (await PoolOfAsync("c")).ShouldBe(pool, "a fork of a fork at the same place");
        (await host.Blobs.ReadJsonAsync<RunClaim>(BlobLayout.Claim("a", "b"))).Paths.ShouldContain(pool);

        async Task<string?> PoolOfAsync(string run) => ((RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(
            BlobLayout.JobSpec(run, "r1-zero/000005/rollout/0"))).Payload).Pool;
    }

    [Fact]
    public async Task Fork_OrderedTwice_IsTheSameRun()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        var first = await ForkAsync(host, "a", "r1-zero:10", null, (Rate, 2e-4));
        await host.WaitAsync(first.Id, RunStatus.Completed);
        var again = await ForkAsync(host, "a", "r1-zero:10", null, (Rate, 2e-4));
        (again.Id, again.Status).ShouldBe((first.Id, RunStatus.Completed));
        (await ForkAsync(host, "a", "r1-zero:10", null, (Rate, 3e-4))).Id.ShouldNotBe(first.Id);
        (await Should.ThrowAsync<RunConflictException>(() => ForkAsync(host, "a", "r1-zero:5", first.Id, (Rate, 2e-4)))).Message
            .ShouldContain("is not that fork");
    }

    [Theory]
    [InlineData("r1-zero:7", "r1-zero:5 or r1-zero:10")]
    [InlineData("r1-zero:13", "r1-zero:12")]
    [InlineData("r1:10", "base, r1-zero")]
    [InlineData("r1-zero:x", "an iteration's number")]
    [InlineData("base:3", "base or base:0")]
    public async Task Fork_WhereNoCheckpointIsKept_NamesTheNearest(string at, string allowed)
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        (await Should.ThrowAsync<InvalidRequestException>(() => ForkAsync(host, "a", at, "b"))).Message.ShouldContain(allowed);
        (await host.Blobs.ListAsync(BlobLayout.Claims("a")).ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Fork_AtACheckpointWithoutMoments_NamesTheNearestThatHasThem()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        const string Manifest = "runs/a/checkpoints/r1-zero/step-000010/manifest.json";
        var manifest = await host.Blobs.ReadJsonAsync<Shared.Checkpoints.CheckpointManifest>(Manifest);
        await host.Blobs.WriteJsonAsync(Manifest, manifest with
        {
            Files = manifest.Files.Where(file => file.Key.StartsWith("model", StringComparison.Ordinal)).ToDictionary(),
        });
        var refused = await Should.ThrowAsync<InvalidRequestException>(() => ForkAsync(host, "a", "r1-zero:10", "b"));
        refused.Message.ShouldContain("r1-zero:5 or r1-zero:11");
        refused.Message.ShouldContain("without the optimizer's moments");
    }

    [Theory]
    [InlineData("stages.base.steps", 7, "stages.base.steps is '7'; allowed: 6")]
    [InlineData("stages.r1-zero.iterations", 9, "stages.r1-zero.iterations is '9'; allowed: at least 10")]
    [InlineData("stages.r1-zero.optimizer.lora", "{\"rank\": 2}", "with that adapter")]
    public async Task Fork_SettingWithoutEffect_IsRefused(string field, object value, string because)
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        var json = value is string text ? JsonDocument.Parse(text).RootElement : value;
        (await Should.ThrowAsync<InvalidRequestException>(() => ForkAsync(host, "a", "r1-zero:10", "b", (field, json)))).Message
            .ShouldContain(because);
    }

    [Fact]
    public async Task Fork_OfAFork_BuildsOnBothRuns()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkAsync(host, "a", "r1-zero:5", "b", (Rate, 2e-4));
        await host.WaitAsync("b", RunStatus.Completed);
        host.Pool.Ran.Clear();

        await ForkAsync(host, "b", "r1-zero:10", "c", (Rate, 3e-4));
        await ForkAsync(host, "b", "r1-zero:5", "d", (Rate, 4e-4));
        await host.WaitAsync("c", RunStatus.Completed);
        await host.WaitAsync("d", RunStatus.Completed);

        host.Pool.Ran.Count(id => id.Contains("/update/", StringComparison.Ordinal)).ShouldBe(2 + 7);
        var update = (UpdateJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("c", "r1-zero/000010/update/0"))).Payload;
        update.Policy.ShouldBe("runs/b/checkpoints/r1-zero/step-000010/");
        var other = (UpdateJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("d", "r1-zero/000005/update/0"))).Payload;
        other.Policy.ShouldBe("runs/a/checkpoints/r1-zero/step-000005/");
        (await host.Services.GetMetricsAsync("c")).Rows.Where(row => row.Stage == "r1-zero").Select(row => row.Step)
            .ShouldBe(Enumerable.Range(1, 12));
    }

    [Theory]
    [InlineData("runs/a/claims/b.json", 2)]
    [InlineData("runs/b/fork.json", 1)]
    [InlineData("index/runs/b.json", 1)]
    [InlineData("runs/b/spec.json", 2)]
    public async Task Fork_InterruptedAtAWrite_IsOrderedAgain(string path, int write)
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        var touches = 0;
        // Some are looked at before they are written.
        host.Blobs.OnAccess = touched =>
        {
            if (touched == path && ++touches == write) throw new Shared.StorageException("away");
        };
        await Should.ThrowAsync<Shared.StorageException>(() => ForkAsync(host, "a", "r1-zero:10", "b", (Rate, 2e-4)));
        await ForkAsync(host, "a", "r1-zero:10", "b", (Rate, 2e-4));
        (await host.WaitAsync("b", RunStatus.Completed)).Stages[1].Done.ShouldBe(12);
    }

    [Fact]
    public async Task Relatives_OfForks_AreShownWithTheirCurves()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkAsync(host, "a", "r1-zero:5", "b", (Rate, 2e-4));
        await host.WaitAsync("b", RunStatus.Completed);
        await ForkAsync(host, "a", "r1-zero:10", "c", (Rate, 3e-4));
        await host.WaitAsync("c", RunStatus.Completed);

        (await RelativesAsync("a")).Select(Words).ShouldBe(["b Fork r1-zero:5", "c Fork r1-zero:10"]);
        var ofC = await RelativesAsync("c");
        ofC.Select(Words).ShouldBe(["a Parent r1-zero:10", "b Sibling r1-zero:5"]);
        ofC[1].Differences.Select(one => (one.Path, one.From?.ToString(), one.To?.ToString())).ShouldBe([(Rate, "0.0003", "0.0002")]);

        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("c", "report.json"));
        report.Relatives.Select(other => other.RunId).ShouldBe(["a", "b"]);
        report.Relatives[1].Differences.ShouldBe([$"{Rate}=0.0002"]);
        report.Relatives[1].Curves["r1-zero"].Training.Select(point => point.Step).ShouldBe(Enumerable.Range(1, 12));
        var svg = (await host.Blobs.TryReadAsync(BlobLayout.Report("c", "curve-r1-zero.svg")))!.ToString();
        svg.ShouldContain("Accuracy of the runs that share its beginning");
        svg.ShouldContain(">b<");
        (await host.Blobs.TryReadAsync(BlobLayout.Report("c", "report.md")))!.ToString()
            .ShouldContain($"| b | sibling | r1-zero:5 | {Rate}=0.0002 |");
        (await host.Blobs.TryReadAsync(BlobLayout.Report("c", "report.html")))!.ToString().ShouldContain("<td>sibling</td>");

        async Task<IReadOnlyList<RelatedRun>> RelativesAsync(string id) => await host.Services.GetRequiredService<RunRelatives>()
            .OfAsync((await host.Services.GetRequiredService<IRunStore>().TryGetAsync(id))!, default);

        static string Words(RelatedRun other) => $"{other.RunId} {other.Relation} {other.Stage}:{other.Iteration}";
    }

    [Fact]
    public async Task Fork_OfARunningRun_KeepsItsCheckpointThatWouldBeRemoved()
    {
        await using var host = new PipelineHost();
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.Pool.OnJob = async spec =>
        {
            if (spec is not { RunId: "a", JobId: "r1-zero/000007/rollout/0" }) return;
            reached.TrySetResult();
            await goOn.Task;
        };
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), "a", null);
        await reached.Task;

        var fork = await ForkAsync(host, "a", "r1-zero:7", "b", (Rate, 2e-4));
        goOn.SetResult();
        (await host.WaitAsync("a", RunStatus.Completed)).Stages[1].Done.ShouldBe(12);
        await host.WaitAsync(fork.Id, RunStatus.Completed);

        (await StepsAsync(host, "a")).ShouldBe([5, 7, 10, 11, 12], "the fork's beginning is neither a fifth nor one of the last");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fork_OfAFailedOrCancelledRun_GoesOnFromItsLastCheckpoint(bool cancelled)
    {
        await using var host = new PipelineHost();
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.Pool.OnJob = async spec =>
        {
            if (spec is not { RunId: "a", JobId: "r1-zero/000006/update/0" }) return;
            reached.TrySetResult();
            await goOn.Task;
            if (!cancelled) throw new Shared.BadInputException("no such luck");
        };
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), "a", null);
        await reached.Task;
        if (cancelled)
        {
            host.Pool.Releasing = _ => goOn.TrySetResult();
            await host.Runs.CancelAsync("a");
        }
        goOn.TrySetResult();
        while (!(await host.Runs.GetAsync("a")).Status.ToString().StartsWith(cancelled ? "Cancelled" : "Failed", StringComparison.Ordinal))
            await Task.Delay(5);

        var fork = await ForkAsync(host, "a", "r1-zero", "b", (Rate, 2e-4));

        fork.Fork!.Iteration.ShouldBeInRange(6, 7);
        (await host.WaitAsync("b", RunStatus.Completed)).Stages[1].Done.ShouldBe(12);
    }

    [Fact]
    public async Task Fork_BetweenStages_TakesTheStageWholeOrRunsItAnew()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        host.Pool.Ran.Clear();

        await ForkAsync(host, "a", "base", "b", (Rate, 2e-4));
        await host.WaitAsync("b", RunStatus.Completed);
        host.Pool.Ran.Count(id => id.Contains("/update/", StringComparison.Ordinal)).ShouldBe(12);
        host.Pool.Ran.ShouldNotContain(id => id.StartsWith("base", StringComparison.Ordinal));

        host.Pool.Ran.Clear();
        await ForkAsync(host, "a", "base:0", "c", ("stages.base.steps", 7));
        await host.WaitAsync("c", RunStatus.Completed);
        host.Pool.Ran.ShouldContain("base/000000/pretrain/0");

        host.Pool.Ran.Clear();
        await ForkAsync(host, "a", "r1-zero", "longer", ("stages.r1-zero.iterations", 14));
        (await host.WaitAsync("longer", RunStatus.Completed)).Stages[1].Done.ShouldBe(14);
        host.Pool.Ran.Count(id => id.Contains("/update/", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Fork_WithAnotherSeed_EntersNothingUnderKeysOfOtherStages()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkAsync(host, "a", "r1-zero:10", "b", ("seed", 2));
        await host.WaitAsync("b", RunStatus.Completed);

        var plan = await host.Runs.PlanReuseAsync(
            TestRecipes.Load(TestRecipes.Json(iterations: 12, seed: 2, rl: "\"keepEvery\": 5, \"loss\": { \"klWeight\": 0 },")), true);
        plan.Stages.ShouldAllBe(stage => stage.ReusedFrom == null, "nobody made these stages with that seed from the beginning");
        (await host.Runs.PlanReuseAsync(TestRecipes.Load(Recipe), true)).Stages.ShouldAllBe(stage => stage.ReusedFrom!.RunId == "a");
        (await ForkAsync(host, "a", "r1-zero:10", "same", ("seed", 2))).Stages[1].ReusedFrom!.RunId.ShouldBe("b", "an equal fork does");
    }

    [Fact]
    public async Task Retry_OfAFork_BeginsWhereTheForkDoes()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkAsync(host, "a", "r1-zero:10", "b", (Rate, 2e-4));
        await host.WaitAsync("b", RunStatus.Completed);
        host.Pool.Ran.Clear();

        await host.Runs.RetryAsync("b", "r1-zero");
        await host.WaitAsync("b", run => run.Status == RunStatus.Completed && run.Stages[1].Label == "r1-zero~1");

        host.Pool.Ran.Count(id => id.Contains("/update/", StringComparison.Ordinal)).ShouldBe(2);
        (await Should.ThrowAsync<InvalidRequestException>(() => host.Runs.RetryAsync("b", "base"))).Message.ShouldContain("r1-zero");
    }

    [Fact]
    public async Task Fork_WithStaleness_RestoresLostRolloutsFromTheOtherRunsPolicy()
    {
        await using var host = new PipelineHost();
        const string Late = "\"keepEvery\": 5, \"staleness\": 1, \"loss\": { \"klWeight\": 0 },";
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 12, rl: Late)), "a", null);
        await host.WaitAsync("a", RunStatus.Completed);
        var lost = false;
        host.Pool.OnJob = async spec =>
        {
            // The rollouts that iteration 10 sampled for iteration 11 by the other run's policy are gone when it is updated.
            if (lost || spec is not { RunId: "b", JobId: "r1-zero/000011/update/0", Payload: UpdateJob update }) return;
            lost = true;
            await host.Blobs.DeleteAsync(update.Rollouts[0]);
            throw new Shared.StorageException("the rollouts are gone");
        };
        await ForkAsync(host, "a", "r1-zero:10", "b", (Rate, 2e-4));
        await host.WaitAsync("b", RunStatus.Completed);
        lost.ShouldBeTrue();
        var rollout = (RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("b", "r1-zero/000011/rollout/0"))).Payload;
        rollout.Policy.ShouldBe("runs/a/checkpoints/r1-zero/step-000010/");
    }

    private static async Task DoneAsync(PipelineHost host, string id)
    {
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), id, null);
        await host.WaitAsync(id, RunStatus.Completed);
    }

    internal static async Task<RunView> ForkAsync(PipelineHost host, string id, string at, string? name,
        params (string Field, object Value)[] set)
    {
        var request = new ForkRequest(at, set.ToDictionary(one => one.Field, one => JsonSerializer.SerializeToElement(one.Value)), name);
        var parent = (await host.Services.GetRequiredService<IRunStore>().TryGetAsync(id))!;
        var recipe = RecipeLoader.Parse(RunForks.RecipeOf(parent, request), "fork", [.. request.Set!.Keys]);
        return await host.Services.GetRequiredService<RunForks>().ForkAsync(parent, request, recipe, default);
    }

    internal static async Task<IReadOnlyList<int>> StepsAsync(PipelineHost host, string id, string stage = "r1-zero") =>
        [.. (await host.Blobs.ListAsync(BlobLayout.Checkpoints(id, stage)).ToListAsync())
            .Where(blob => blob.Path.EndsWith("/manifest.json", StringComparison.Ordinal))
            .Select(blob => BlobLayout.StepOf(blob.Path[..^"manifest.json".Length])!.Value).Order()];
}
