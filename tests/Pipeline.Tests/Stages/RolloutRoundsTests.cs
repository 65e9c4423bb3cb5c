using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Stages.Reinforcement;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Dynamic sampling. The worker of these tests finds every third question useful: 0, 3, 6…</summary>
public class RolloutRoundsTests
{
    [Theory]
    [InlineData(0, 0, 12)]
    [InlineData(12, 12, 0)]
    [InlineData(12, 6, 12)] // half are useful: 6 that are missing need 12
    [InlineData(12, 11, 2)] // 1 × 12 / 11, rounded up
    [InlineData(24, 11, 3)]
    [InlineData(12, 0, 12)]
    [InlineData(12, 1, 12)] // 132 would be needed: not more than an iteration's number at once
    public void Ask_ByTheShareSoFar_FillsUpInOneRound(int asked, int useful, int expected) =>
        RolloutRounds.Ask(new() { Questions = 12 }, asked, useful).ShouldBe(expected);

    [Fact]
    public void Shards_LaterRound_GoOnWithQuestionsAndShards()
    {
        var settings = new RlStage { Task = "addition", From = "base", Questions = 9, Shards = 3, DynamicSampling = new() };
        var input = new RlIterationInput(new()
        {
            RunId = "run", Name = "rl", Label = "rl", Seed = 9, Settings = settings, Jobs = new(),
                Tasks = new Dictionary<string, TaskRecipe> { ["addition"] = new ArithmeticTask(), ["other"] = new ArithmeticTask() },
        }, 4, "policy/");

        var jobs = RolloutRounds.Shards(input, settings, round: 1, first: 9, count: 2);

        jobs.Select(job => job.JobId).ShouldBe(["rl/000004/rollout/3", "rl/000004/rollout/4"]);
        var rollouts = jobs.Select(job => (RolloutJob)job.Payload).ToList();
        rollouts.Select(job => (job.FirstQuestion, job.QuestionCount)).ShouldBe([(9, 1), (10, 1)]);
        rollouts.Select(job => job.Output).ShouldBeUnique();
        rollouts[0].Tasks.Keys.ShouldBe(["addition"], "only what the stage asks");
    }

    [Fact]
    public async Task Run_DynamicSampling_AsksInRoundsUntilThereAreEnough()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(
                TestRecipes.Json(iterations: 2, evaluation: "", rl: "\"shards\": 2, \"dynamicSampling\": { \"maxRounds\": 3 },")), "dapo",
            null);

        (await host.WaitAsync("dapo", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        // Of questions 0-3 two are useful, of 4-7 one, of 8-10 the last one.
        Asked(host, "dapo", 0).ShouldBe([(0, 2), (2, 2), (4, 2), (6, 2), (8, 1), (9, 2)]);
        host.Pool.Ran.Count(id => id.Contains("/rollout/", StringComparison.Ordinal)).ShouldBe(2 * 6);
        Update(host, "dapo", 1)
            .Rollouts.ShouldBe(Enumerable.Range(0, 6).Select(shard => $"rollouts/dapo/r1-zero/000001/{shard}.a1.safetensors"));
        var metrics = await StepAsync(host, "dapo", 2);
        (metrics[MetricNames.Rounds], metrics[MetricNames.Questions], metrics[MetricNames.QuestionsUseful]).ShouldBe((3, 11, 4));
        metrics[MetricNames.QuestionsUsefulRatio].ShouldBe(4 / 11.0);
        (metrics[MetricNames.QuestionsMissing], metrics[MetricNames.QuestionsSurplus], metrics[MetricNames.Samples]).ShouldBe((0, 0, 22));
        (await host.Blobs.TryReadAsync(BlobLayout.Report("dapo", "report.md")))!.ToString()
            .ShouldContain("learned from 4 of 11 questions asked");
    }

    [Fact]
    public async Task Run_RoundsUsedUp_UpdatesFromWhatThereIsAndSaysSo()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(
            TestRecipes.Load(TestRecipes.Json(iterations: 1, evaluation: "", rl: "\"dynamicSampling\": { \"maxRounds\": 2 },")), "short",
            null);

        (await host.WaitAsync("short", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        Update(host, "short", 0).Rollouts.Count.ShouldBe(2);
        var metrics = await StepAsync(host, "short", 1);
        (metrics[MetricNames.Rounds], metrics[MetricNames.QuestionsUseful], metrics[MetricNames.QuestionsMissing]).ShouldBe((2, 3, 1));
    }

    [Fact]
    public async Task Run_FailedInALaterRound_RetryAsksNothingTwice()
    {
        await using var host = new PipelineHost();
        var broken = true;
        host.Pool.OnJob = job =>
            broken && job.JobId == "r1-zero/000000/rollout/3" ? throw new BadInputException("no more questions") : Task.CompletedTask;
        await host.Runs.CreateAsync(
            TestRecipes.Load(
                TestRecipes.Json(iterations: 1, evaluation: "", rl: "\"shards\": 2, \"dynamicSampling\": { \"maxRounds\": 3 },")), "retry",
            null);
        (await host.WaitAsync("retry", RunStatus.Failed)).Error!.ShouldContain("no more questions");

        broken = false;
        host.Pool.Ran.Clear();
        var counted = BlobLayout.FailedAttempt("retry", "r1-zero/000000/rollout/3", "a1");
        var lost = BlobLayout.Attempt("retry", "r1-zero/000000/rollout/3", "a2") + BlobLayout.StartedFile;
        foreach (var path in new[] { counted, lost }) await host.Blobs.WriteAsync(path, new BinaryData("{}"));
        await host.Runs.RetryAsync("retry");
        (await host.Blobs.ExistsAsync(counted)).ShouldBeFalse("a retry gives a job all its attempts again");
        (await host.Blobs.ExistsAsync(lost)).ShouldBeFalse("and forgets the workers that it lost");
        (await host.WaitAsync("retry", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        host.Pool.Ran.Order()
            .ShouldBe(["r1-zero/000000/rollout/3", "r1-zero/000000/rollout/4", "r1-zero/000000/rollout/5", "r1-zero/000000/update/0"]);
    }

    [Fact]
    public async Task Run_Sources_AreAskedAndMeasuredWithAllTheirRewards()
    {
        await using var host = new PipelineHost();
        var json = TestRecipes.Json(iterations: 1)
            .Replace("\"from\": \"base\", \"task\": \"addition\", \"iterations\"", """
                "from": "base", "sources": {
                  "sums": { "task": "addition", "rewards": { "accuracy/exact": 1 } },
                  "forms": { "task": "addition", "rewards": { "format/think-answer": 1 } }
                }, "iterations"
                """, StringComparison.Ordinal)
            .Replace("\"rewards\": { \"accuracy/exact\": 1, \"format/think-answer\": 0.5 },", "", StringComparison.Ordinal);
        await host.Runs.CreateAsync(TestRecipes.Load(json), "mixed", null);

        (await host.WaitAsync("mixed", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();

        var rollout = (RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("mixed", "r1-zero/000000/rollout/0")))
            .Payload;
        rollout.Settings.Sources.Keys.ShouldBe(["sums", "forms"], ignoreOrder: true);
        var evaluate = (EvaluateJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("mixed", "base/000006/final-evaluate/0")))
            .Payload;
        evaluate.Rewards.Keys.ShouldBe(["accuracy/exact", "format/think-answer"], ignoreOrder: true);
    }

    private static List<(int First, int Count)> Asked(PipelineHost host, string run, int iteration) => [.. host.Blobs.Paths
        .Where(path =>
            path.StartsWith(BlobLayout.Job(run, $"r1-zero/{iteration:D6}/rollout")[..^1], StringComparison.Ordinal)
            && path.EndsWith("/spec.json", StringComparison.Ordinal))
        .Select(path => (RolloutJob)host.Blobs.ReadJsonAsync<JobSpec>(path).Result.Payload).OrderBy(job => job.FirstQuestion)
            .Select(job => (job.FirstQuestion, job.QuestionCount))];

    private static UpdateJob Update(PipelineHost host, string run, int iteration) =>
        (UpdateJob)host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec(run, $"r1-zero/{iteration:D6}/update/0")).Result.Payload;

    private static async Task<IReadOnlyDictionary<string, double>> StepAsync(PipelineHost host, string run, int step) =>
        (await new MetricsReader(host.Blobs).ReadAsync(run, "r1-zero", CancellationToken.None)).Single(row => row.Step == step).Values;
}
