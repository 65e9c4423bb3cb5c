using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Which pool draws which iteration, and how long pools stay.</summary>
public class CurriculumTests
{
    private const string Curriculum = "\"shards\": 2, \"curriculum\": {}, \"keepEvery\": 5,";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Run_Iteration_IsDrawnByThePoolOfRolloutsBeforeIt(int staleness)
    {
        await using var host = await RunAsync($"{Curriculum} \"staleness\": {staleness},", iterations: 6);
        for (var iteration = 0; iteration < 6; iteration++)
        {
            var known = iteration - 1 - staleness; // the newest iteration whose rollouts it may know
            foreach (var shard in new[] { 0, 1 })
                Rollout(host, iteration, shard).Pool.ShouldBe(known < 0 ? null : PoolAfter(known), $"iteration {iteration}");
            var update = Update(host, iteration).Pool!;
            update.Before.ShouldBe(iteration == 0 ? null : PoolAfter(iteration - 1));
            update.Asked.ShouldBe([$"rollouts/run/r1-zero/{iteration:D6}/0-asked.a1.jsonl",
                $"rollouts/run/r1-zero/{iteration:D6}/1-asked.a1.jsonl"]);
        }
    }

    [Fact]
    public async Task Run_WithoutCurriculum_HasNoPools()
    {
        await using var host = await RunAsync("", iterations: 2);
        (Rollout(host, 1, 0).Pool, Update(host, 1).Pool).ShouldBe((null, null));
        host.Blobs.Paths.ShouldNotContain(path => path.Contains("/pools/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ManyIterations_KeepsPoolsWithTheCheckpointsAndOneMore()
    {
        await using var host = await RunAsync(Curriculum, iterations: 12);
        host.Blobs.Paths.Where(path => path.Contains("/pools/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(new[] { 5, 10, 11, 12 }.Select(step => BlobLayout.Pool("run", "r1-zero", step) + ".a1.jsonl"));
    }

    [Fact]
    public async Task Run_NothingInTheBand_GoesOnAndTheReportSaysSo()
    {
        await using var host = await RunAsync(Curriculum, iterations: 3);
        (await host.Blobs.TryReadAsync(BlobLayout.Report("run", "report.md")))!.ToString()
            .ShouldContain("In 2 of 3 iterations no known problem was in the curriculum's band");
    }

    [Fact]
    public async Task Run_RolloutsGoneWhenTheUpdateNeedsThem_AreDrawnByTheSamePool()
    {
        await using var host = new PipelineHost();
        string? before = null;
        host.Pool.OnJob = async job =>
        {
            if (before is not null || job.JobId != "r1-zero/000003/update/0") return;
            before = Rollout(host, 3, 0).Pool;
            foreach (var path in host.Blobs.Paths.Where(path => path.StartsWith("rollouts/", StringComparison.Ordinal)).ToList())
                await host.Blobs.DeleteAsync(path);
        };
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 5, evaluation: "",
            rl: Curriculum + " \"staleness\": 1,")), "run", null);
        (await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        host.Pool.Ran.Count(id => id == "r1-zero/000003/rollout/0").ShouldBe(2);
        before.ShouldBe(PoolAfter(1));
        Rollout(host, 3, 0).Pool.ShouldBe(before);
    }

    private static string PoolAfter(int iteration) => BlobLayout.Pool("run", "r1-zero", iteration + 1) + ".a1.jsonl";

    private static RolloutJob Rollout(PipelineHost host, int iteration, int shard) =>
        (RolloutJob)Spec(host, $"r1-zero/{iteration:D6}/rollout/{shard}").Payload;

    private static UpdateJob Update(PipelineHost host, int iteration) =>
        (UpdateJob)Spec(host, $"r1-zero/{iteration:D6}/update/0").Payload;

    private static JobSpec Spec(PipelineHost host, string job) =>
        host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("run", job)).GetAwaiter().GetResult();

    private static async Task<PipelineHost> RunAsync(string rl, int iterations)
    {
        var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: iterations, evaluation: "", rl: rl)), "run", null);
        (await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        return host;
    }
}
