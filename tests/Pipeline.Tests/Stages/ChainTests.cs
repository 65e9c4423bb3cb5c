using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Stages that make data and stages that learn from it.</summary>
public class ChainTests
{
    private const string Collect = """
        "collect": {
          "kind": "collect", "from": "base", "task": "addition", "questions": 7, "samples": 3, "shards": 2,
          "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 1 }
        }
        """;

    [Fact]
    public async Task Run_Collect_SamplesInShardsAndYieldsDataButNoModel()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe(Collect)), "data", null);

        var run = await host.WaitAsync("data", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        run.Stages[1].Kind.ShouldBe("collect");
        run.Stages[1].Checkpoint.ShouldBeNull();
        run.Stages[1].Metrics[MetricNames.SamplesKept].ShouldBe(7);
        run.Stages[1].Metrics[MetricNames.SamplesDropped + "surplus"].ShouldBe(14);
        host.Pool.Ran.ShouldBe(
            ["base/000000/pretrain/0", "base/000006/final-evaluate/0", "collect/000000/sample/0", "collect/000000/sample/1"], ignoreOrder: true);
        var shard = (SampleJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("data", "collect/000000/sample/1"))).Payload;
        (shard.FirstQuestion, shard.QuestionCount, shard.Checkpoint).ShouldBe((3, 4, "runs/data/checkpoints/base/step-000006/"));
        host.Blobs.Paths.ShouldContain("runs/data/data/collect/1.a1.jsonl");
    }

    [Fact]
    public async Task Run_CollectThatKeepsNothing_FailsAndSaysWhy()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe(Collect.Replace("\"minimums\": { \"accuracy/exact\": 1 }", "\"minimums\": { \"accuracy/exact\": 2 }"))), "none", null);

        var run = await host.WaitAsync("none", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error!.ShouldContain("none of 21 samples was kept: 21 surplus");
    }

    internal static string Recipe(string stages) => $$"""
        {
          "name": "chain",
          "tasks": { "addition": { "kind": "arithmetic" } },
          "evaluation": { "task": "addition", "problems": 8, "samples": 2 },
          "stages": {
            "base": { "kind": "pretrain", "task": "addition", "steps": 6, "saveEvery": 3, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2 } },
            {{stages}}
          }
        }
        """;
}
