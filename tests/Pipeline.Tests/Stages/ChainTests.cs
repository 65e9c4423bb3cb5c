using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
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
            ["base/000000/pretrain/0", "base/000006/final-evaluate/0", "collect/000000/sample/0", "collect/000000/sample/1"],
                ignoreOrder: true);
        var shard = (SampleJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("data", "collect/000000/sample/1"))).Payload;
        (shard.FirstQuestion, shard.QuestionCount, shard.Checkpoint).ShouldBe((3, 4, "runs/data/checkpoints/base/step-000006/"));
        host.Blobs.Paths.ShouldContain("runs/data/data/collect/1.a1.jsonl");
    }

    [Fact]
    public async Task Run_CollectThatKeepsNothing_FailsAndSaysWhy()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(Recipe(Collect.Replace("\"minimums\": { \"accuracy/exact\": 1 }", "\"minimums\": { \"accuracy/exact\": 2 }"))),
            "none", null);

        var run = await host.WaitAsync("none", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error!.ShouldContain("none of 21 samples was kept: 21 surplus");
    }

    [Fact]
    public async Task Run_Sft_LearnsFromTheDataOfTheNamedStagesAndIsMeasured()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(
                Recipe($$"""{{Collect}}, "dev1": { "kind": "sft", "from": "base", "data": ["collect"], "epochs": 3, "batchSize": 4 }""")),
            "sft", null);

        var run = await host.WaitAsync("sft", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        var stage = run.Stages[2];
        (stage.Kind, stage.Done, stage.Total, stage.Checkpoint).ShouldBe(("sft", 6, 6, "runs/sft/checkpoints/dev1/step-000006/"));
        stage.Metrics[MetricNames.EvalGreedyAccuracy].ShouldBe(0.98);
        var job = (SftJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("sft", "dev1/000000/sft/0"))).Payload;
        job.From.ShouldBe("runs/sft/checkpoints/base/step-000006/");
        job.Data["collect"].ShouldBe(["runs/sft/data/collect/0.a1.jsonl", "runs/sft/data/collect/1.a1.jsonl"]);
        var lines = (await host.Blobs.TryReadAsync(BlobLayout.Metrics("sft", "dev1")))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(7, "six steps and the evaluation");
        var report = await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("sft", "report.json"));
        report.Stages[2].After!.GreedyAccuracy.ShouldBe(0.98);
    }

    [Fact]
    public async Task Run_RewardModel_IsTrainedOnceRecordedAndNotEvaluatedAsAPolicy()
    {
        await using var host = new PipelineHost();
        await host.Blobs.WriteAsync("pairs.jsonl", new BinaryData("{}"));
        await host.Runs.CreateAsync(
            TestRecipes.Load(Recipe(RewardModels)
                .Replace("\"samples\": 2 }", "\"samples\": 2, \"rewards\": { \"accuracy/exact\": 1 } }", StringComparison.Ordinal)),
            "reward", null);

        var run = await host.WaitAsync("reward", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        var stage = run.Stages[1];
        (stage.Kind, stage.Done, stage.Total, stage.Checkpoint)
            .ShouldBe(("reward-model", 4, 4, "runs/reward/checkpoints/helpful/step-000004/"));
        stage.Metrics[MetricNames.HeldOutAccuracy].ShouldBe(0.94);
        host.Pool.Ran.Count(job => job.StartsWith("helpful/", StringComparison.Ordinal)).ShouldBe(1, "no evaluation");
        var job = (RewardModelJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("reward", "helpful/000000/reward-model/0")))
            .Payload;
        job.From.ShouldBe("runs/reward/checkpoints/base/step-000006/");
        var lines = (await host.Blobs.TryReadAsync(BlobLayout.Metrics("reward", "helpful")))!.ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(5, "four steps and the held-out figures");
        (await host.Blobs.ReadJsonAsync<RunReport>(BlobLayout.Report("reward", "report.json"))).Stages[1]
            .Metrics[MetricNames.HeldOutAccuracy].ShouldBe(0.94);
        (await host.Blobs.TryReadAsync(BlobLayout.Report("reward", "report.md")))!.ToString()
            .ShouldContain("Judges 94.0 % of the held-out rows right");
    }

    [Fact]
    public async Task Run_RewardsOfAModel_AreTakenToTheJobsThatScoreOnceThereIsOne()
    {
        await using var host = new PipelineHost();
        await host.Blobs.WriteAsync("pairs.jsonl", new BinaryData("{}"));
        var rl = $$"""
            {{RewardModels}}, "rl": {
              "kind": "rl", "from": "base", "task": "addition", "iterations": 1, "questions": 4, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1, "helpful/model": { "options": { "stage": "helpful" } } }
            }
            """;
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe(rl)), "scored", null);

        (await host.WaitAsync("scored", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        (await JobAsync<RolloutJob>("rl/000000/rollout/0"))
            .RewardModels.ShouldBe(new Dictionary<string, string> { ["helpful"] = "runs/scored/checkpoints/helpful/step-000004/" });
        (await JobAsync<EvaluateJob>("base/000006/final-evaluate/0"))
            .Rewards.Keys.ShouldBe(["accuracy/exact"], "the reward model comes after");
        var after = await JobAsync<EvaluateJob>("rl/000001/final-evaluate/0");
        after.Rewards.Keys.ShouldBe(["accuracy/exact", "helpful/model"], ignoreOrder: true);
        after.RewardModels.ShouldContainKey("helpful");

        async Task<T> JobAsync<T>(string id) where T : JobPayload =>
            (T)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("scored", id))).Payload;
    }

    [Fact]
    public async Task Retry_FromTheDataStage_LearnsFromTheNewData()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(Recipe($$"""{{Collect}}, "dev1": { "kind": "sft", "from": "base", "data": ["collect"] }""")), "anew", null);
        await host.WaitAsync("anew", RunStatus.Completed);

        host.Pool.Ran.Clear();
        await host.Runs.RetryAsync("anew", "collect");
        (await host.WaitAsync("anew", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        host.Pool.Ran.ShouldBe(
            ["collect~1/000000/sample/0", "collect~1/000000/sample/1", "dev1~1/000000/sft/0", "dev1~1/000002/final-evaluate/0"],
            ignoreOrder: true);
        var job = (SftJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("anew", "dev1~1/000000/sft/0"))).Payload;
        job.Data["collect"].ShouldBe(["runs/anew/data/collect~1/0.a1.jsonl", "runs/anew/data/collect~1/1.a1.jsonl"]);
    }

    [Fact]
    public async Task Run_SftOnAStageAndADataSet_AndAModelThatRewrites_AreHandedOver()
    {
        await using var host = new PipelineHost();
        await host.Blobs.WriteAsync("general.jsonl", new BinaryData("{}"));
        var collect =
            Collect.Replace("\"kind\": \"collect\"", "\"kind\": \"collect\", \"rewrite\": { \"kind\": \"model\", \"from\": \"tuned\" }");
        var recipe = Recipe($$"""
            "cold": {{Collect[Collect.IndexOf('{')..]}}, "tuned": { "kind": "sft", "from": "base", "data": ["cold", "general"] }, {{collect}}, "dev1": { "kind": "sft", "from": "base", "data": ["collect"] }
            """).Replace("\"tasks\": {", "\"tasks\": { \"general\": { \"kind\": \"dataset\", \"files\": [\"blob:general.jsonl\"], "
                + "\"layout\": \"completions\" },");
        await host.Runs.CreateAsync(TestRecipes.Load(recipe), "mixed", null);
        (await host.WaitAsync("mixed", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var sft = (SftJob)await PayloadAsync("tuned/000000/sft/0");
        sft.Data.Keys.ShouldBe(["cold"]);
        sft.Tasks["general"].ShouldBeOfType<R1Cloud.Shared.Recipes.Tasks.DatasetTask>().Files.ShouldBe(["blob:general.jsonl"]);
        ((SampleJob)await PayloadAsync("cold/000000/sample/0")).Rewriter.ShouldBeNull();
        ((SampleJob)await PayloadAsync("collect/000000/sample/1"))
            .Rewriter.ShouldBe((await host.Runs.GetAsync("mixed")).Stages.Single(stage => stage.Name == "tuned").Checkpoint);

        async Task<JobPayload> PayloadAsync(string id) =>
            (await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("mixed", id))).Payload;
    }
    private const string RewardModels = """
        "helpful": { "kind": "reward-model", "from": "base", "task": "pairs", "rows": 30, "epochs": 2, "batchSize": 16, "heldOut": 8 }
        """;

    internal static string Recipe(string stages) => $$"""
        {
          "name": "chain",
          "tasks": { "addition": { "kind": "arithmetic" }, "pairs": { "kind": "dataset", "files": ["blob:pairs.jsonl"], "layout": "preferences" } },
          "evaluation": { "task": "addition", "problems": 8, "samples": 2 },
          "stages": {
            "base": { "kind": "pretrain", "task": "addition", "steps": 6, "saveEvery": 3, "optimizer": { "learningRate": 1e-3, "warmupSteps": 2 } },
            {{stages}}
          }
        }
        """;
}
