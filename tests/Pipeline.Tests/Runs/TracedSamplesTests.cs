using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>Sample rows of an iteration whose rollouts storage has deleted by their age.</summary>
public class TracedSamplesTests
{
    [Fact]
    public async Task Rows_RolloutsGone_AreThoseOfTheTrace()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 2, evaluation: "")), "run", null);
        (await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        var file = Path.GetTempFileName();
        await TraceFile.WriteAsync(
        [
            new() { Question = 0, Sample = 0, Problem = "1+2", Prompt = "1+2=", Completion = "3", Reward = 1.5, Advantage = 1, Tokens = 2,
                Policy = BlobLayout.Checkpoint("run", "r1-zero", 1), Engine = "vllm",
                Rewards = [new() { Name = "accuracy/exact", Score = 1, Weight = 1, Reason = "equal" }] },
            new() { Question = 0, Sample = 1, Problem = "1+2", Prompt = "1+2=", Completion = "4", Tokens = 2,
                Rewards = [new() { Name = "accuracy/exact", Weight = 1, Reason = "timeout: 2 s" }] },
        ], file, CancellationToken.None);
        await host.Blobs.UploadAsync(BlobLayout.Trace("run", "r1-zero", 2), file, CancellationToken.None);
        File.Delete(file);
        foreach (var path in host.Blobs.Paths.Where(path => path.StartsWith("rollouts/", StringComparison.Ordinal)).ToList())
            await host.Blobs.DeleteAsync(path);

        var reader = new SampleReader(host.Runs, host.Blobs, new(host.Blobs, new MetricsReader(host.Blobs)), new TraceFile());
        var set = (await reader.SetsAsync("run", "r1-zero", CancellationToken.None)).Sets.ShouldHaveSingleItem();
        (set.Iteration, set.ShardsDone, set.Updated).ShouldBe((2, set.Shards, true));
        var page = await reader.RowsAsync("run", new() { Stage = "r1-zero", Iteration = 2 }, CancellationToken.None);
        page.Rows.Select(row => (row.Completion, row.Reward, row.Advantage, row.Used, row.Checkpoint, row.Engine))
            .ShouldBe([("3", 1.5, 1, true, 1, "vllm"), ("4", 0, null, false, null, null)]);
        page.Rows.Select(row => row.Rewards.Single()).ShouldBe(
            [new("accuracy/exact", "scored", "equal", 1, 1), new("accuracy/exact", "timeout", "2 s", 0, 1)]);
        await Should.ThrowAsync<RunNotFoundException>(() =>
            reader.RowsAsync("run", new() { Stage = "r1-zero", Iteration = 1 }, CancellationToken.None));
    }
}
