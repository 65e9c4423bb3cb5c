using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Reuse;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>A run that is removed leaves what others need, and that goes with the last of them.</summary>
public class RunRemovalTests
{
    private static readonly string Recipe = TestRecipes.Json(iterations: 12, rl: "\"keepEvery\": 5, \"loss\": { \"klWeight\": 0 },");

    [Fact]
    public async Task Remove_ARunThatNobodyNeeds_LeavesNothingAndFreesItsId()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");

        var removed = await RemoveAsync(host, "a");

        removed.Kept.ShouldBeEmpty();
        removed.Removed.ShouldBeGreaterThan(50);
        (await PathsAsync(host, "runs/a/")).ShouldBeEmpty();
        (await PathsAsync(host, "rollouts/a/")).ShouldBeEmpty();
        (await host.Runs.ListAsync()).Runs.ShouldBeEmpty();
        await Should.ThrowAsync<RunNotFoundException>(() => host.Runs.GetAsync("a"));
        await Should.ThrowAsync<RunNotFoundException>(() => RemoveAsync(host, "a"));
        (await host.Engine.GetAsync("a")).ShouldBeNull();

        host.Pool.Ran.Clear();
        var other = TestRecipes.Json(iterations: 3);
        await host.Runs.CreateAsync(TestRecipes.Load(other), "a", null);
        (await host.WaitAsync("a", RunStatus.Completed)).Stages[1].Done.ShouldBe(3);
        host.Pool.Ran.ShouldContain("base/000000/pretrain/0", "what was removed cannot be taken over");
    }

    [Fact]
    public async Task Remove_TheParentOfAFork_KeepsWhatTheForkNeedsUntilItGoes()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkTests.ForkAsync(host, "a", "r1-zero:10", "b", ("stages.r1-zero.iterations", 14));
        await host.WaitAsync("b", RunStatus.Completed);

        var removed = await RemoveAsync(host, "a");

        removed.Kept.Select(kept => kept.Path).ShouldContain("runs/a/checkpoints/r1-zero/step-000010/");
        removed.Kept.ShouldAllBe(kept => kept.By.Single() == "b");
        (await ForkTests.StepsAsync(host, "a")).ShouldBe([10]);
        (await host.Services.GetMetricsAsync("b")).Rows.Where(row => row.Stage == "r1-zero").Select(row => row.Step)
            .ShouldBe(Enumerable.Range(1, 14), "the curve stays whole");
        (await Should.ThrowAsync<RunConflictException>(() => host.Runs.CreateAsync(TestRecipes.Load(Recipe), "a", null))).Message
            .ShouldContain("was removed");
        // A fork of the fork finds the removed run's part still.
        await ForkTests.ForkAsync(host, "b", "r1-zero:10", "c", ("stages.r1-zero.iterations", 13));
        (await host.WaitAsync("c", RunStatus.Completed)).Stages[1].Done.ShouldBe(13);

        await RemoveAsync(host, "b");
        (await ForkTests.StepsAsync(host, "a")).ShouldBe([10], "the other fork needs it");
        await RemoveAsync(host, "c");
        (await PathsAsync(host, "runs/")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Remove_ARunWhoseStagesAnotherTookOver_KeepsThem()
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        var longer = TestRecipes.Json(iterations: 13, rl: "\"keepEvery\": 5, \"loss\": { \"klWeight\": 0 },");
        await host.Runs.CreateAsync(TestRecipes.Load(longer), "b", null);
        await host.WaitAsync("b", RunStatus.Completed);
        // As if an earlier version had taken it over, which made no claims.
        await host.Blobs.DeleteAsync(BlobLayout.Claim("a", "b"));

        var removed = await RemoveAsync(host, "a");

        removed.Kept.Select(kept => kept.Path).ShouldContain("runs/a/checkpoints/base/step-000006/");
        (await ForkTests.StepsAsync(host, "a", "base")).ShouldBe([6]);
        (await ForkTests.StepsAsync(host, "a")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Remove_ARunThatRuns_IsRefused()
    {
        await using var host = new PipelineHost();
        var goOn = new TaskCompletionSource();
        host.Pool.OnJob = _ => goOn.Task;
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), "a", null);
        (await Should.ThrowAsync<RunConflictException>(() => RemoveAsync(host, "a"))).Message.ShouldContain("Cancel it first");
        goOn.SetResult();
        await host.WaitAsync("a", RunStatus.Completed);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(5), InlineData(20), InlineData(35)]
    public async Task Remove_InterruptedAnywhere_IsGoneOnWith(int after)
    {
        await using var host = new PipelineHost();
        await DoneAsync(host, "a");
        await ForkTests.ForkAsync(host, "a", "r1-zero:10", "b", ("stages.r1-zero.iterations", 14));
        await host.WaitAsync("b", RunStatus.Completed);
        var left = after;
        host.Blobs.OnDelete = _ =>
        {
            if (Interlocked.Decrement(ref left) < 0) throw new Shared.StorageException("away");
        };
        await Should.ThrowAsync<Exception>(() => RemoveAsync(host, "b"));
        host.Blobs.OnDelete = _ => { };
        await RemoveAsync(host, "b");
        (await PathsAsync(host, "runs/b/")).ShouldBeEmpty();
        await RemoveAsync(host, "a");
        (await PathsAsync(host, "runs/")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Claim_OfWhatIsBeingRemoved_ComesTooLateUnlessAnotherHoldsIt()
    {
        await using var host = new PipelineHost();
        var claims = host.Services.GetRequiredService<RunClaims>();
        const string Seven = "runs/a/checkpoints/rl/step-000007/", Eight = "runs/a/checkpoints/rl/step-000008/";
        await host.Blobs.WriteAsync(BlobLayout.RunSpec("holder"), new("{}"));

        (await claims.ClaimAsync("holder", [Eight], "a", default)).ShouldBeEmpty();
        (await claims.DoomAsync("a", "rl", [Seven, Eight], default)).ShouldBe([Seven]);
        (await claims.ClaimAsync("late", [Seven, Eight], "a", default)).ShouldBe([Seven]);

        await claims.DoomAsync("a", default);
        (await claims.LostAsync("later", [Eight, "runs/a/data/x"], default)).ShouldBe(["runs/a/data/x"]);
    }

    [Fact]
    public async Task Claim_DuringTheRemovalOfACheckpoint_IsSeen()
    {
        await using var host = new PipelineHost();
        var claims = host.Services.GetRequiredService<RunClaims>();
        const string Seven = "runs/a/checkpoints/rl/step-000007/";
        var claimed = false;
        host.Blobs.OnAccess = path =>
        {
            // Between the remover's first look and its second.
            if (claimed || !path.StartsWith(BlobLayout.Doomed("a"), StringComparison.Ordinal)) return;
            claimed = true;
            claims.ClaimAsync("b", [Seven], "a", default).GetAwaiter().GetResult();
        };
        (await claims.DoomAsync("a", "rl", [Seven], default)).ShouldBeEmpty();
        (await claims.LostAsync("b", [Seven], default)).ShouldBeEmpty();
    }

    private static async Task DoneAsync(PipelineHost host, string id)
    {
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe), id, null);
        await host.WaitAsync(id, RunStatus.Completed);
    }

    private static Task<RunRemovalView> RemoveAsync(PipelineHost host, string id) =>
        host.Services.GetRequiredService<RunRemoval>().RemoveAsync(id, default);

    private static async Task<IReadOnlyList<string>> PathsAsync(PipelineHost host, string prefix) =>
        [.. (await host.Blobs.ListAsync(prefix).ToListAsync()).Select(blob => blob.Path)];
}
