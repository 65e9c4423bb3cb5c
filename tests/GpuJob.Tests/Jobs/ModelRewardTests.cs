using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.RewardTraining;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.Collecting;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.RewardModels;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Testing;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>The rewards that reward models give, in the jobs that generate.</summary>
public sealed class ModelRewardTests : IDisposable
{
    private readonly JobRunner jobs = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-model-rewards");

    private static Dictionary<string, RewardRecipe> Rewards { get; } = new()
    {
        ["accuracy/exact"] = 1,
        ["helpful/model"] = new() { Weight = 2, Options = Json("""{ "stage": "helpful", "normalize": true }""") },
        ["safety/model"] = new() { Weight = 0.5, Options = Json("""{ "stage": "safety" }""") },
    };

    public void Dispose()
    {
        jobs.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Rollout_ModelRewards_AreAddedAndTheSameInShardsAndOnAnotherWorker()
    {
        await TrainAsync();
        var whole = await RolloutAsync(0, 8);
        jobs.Restart();
        var rows = await RowsAsync(await RolloutAsync(0, 3));
        rows.AddRange(await RowsAsync(await RolloutAsync(3, 5)));

        var all = await RowsAsync(whole);
        rows.Select(row => row.Reward).ShouldBe(all.Select(row => row.Reward));
        whole.Metrics.ShouldContainKey("rewards/helpful/model/mean");
        whole.Metrics["rewards/helpful/model/error"].ShouldBe(0);
        whole.Metrics["rewards/safety/model/mean"].ShouldBeInRange(0.01, 0.99);
        whole.Metrics["reward/mean"].ShouldBe(
            whole.Metrics["rewards/accuracy/exact/mean"] + 2 * whole.Metrics["rewards/helpful/model/mean"]
                + 0.5 * whole.Metrics["rewards/safety/model/mean"], 1e-5);
        all.Select(row => row.Reward).Distinct().Count().ShouldBeGreaterThan(8, "a trained score tells completions apart");
    }

    [Fact]
    public async Task Sample_MinimumOfAModelReward_KeepsOnlyWhatReachesIt()
    {
        await TrainAsync();
        var outcome = await jobs.RunAsync(models => new SampleHandler(models), new SampleJob
        {
            Seed = 3, Stage = "collect", Task = JobRunner.Task, Checkpoint = "base/", FirstQuestion = 0, QuestionCount = 30,
                Output = "data/0", RewardModels = Models,
            Settings = new RejectionSampleStage { Task = "addition", Questions = 30, Samples = 6, Keep = 6, Rewards = Rewards,
                Minimums = new Dictionary<string, double> { ["helpful/model"] = 0.5 } },
        });
        var rows = CompletionRow.Parse((await jobs.Blobs.TryReadAsync(outcome.Outputs["data"]))!, "data");
        rows.Count.ShouldBeInRange(1, 179);
        rows.ShouldAllBe(row => row.Verdicts["helpful/model"] >= 0.5);
        outcome.Metrics["samples/dropped/below/helpful/model"].ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Evaluate_ModelReward_JudgesEveryAnswer()
    {
        await TrainAsync();
        var outcome = await jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
        {
            Seed = 3, Stage = "base", Task = JobRunner.Task, Settings = new() { Task = "addition", Problems = 8, Samples = 2 },
                Checkpoint = "base/", Rewards = Rewards, RewardModels = Models,
        });
        outcome.Metrics["eval/unjudged"].ShouldBe(0);
        outcome.Metrics["eval/safety"].ShouldBeInRange(0.01, 0.99);
        outcome.Metrics.ShouldContainKey("eval/helpful");
        (await jobs.Blobs.TryReadAsync(outcome.Outputs["samples"]))!.ToString().ShouldContain("helpful/model");
    }

    [Fact]
    public async Task Rollout_ModelThatIsNotThereOrOfAnotherObjective_IsBadInput()
    {
        await TrainAsync();
        (await Should.ThrowAsync<BadInputException>(() => RolloutAsync(0, 1, new() { ["safety"] = "safety/" })))
            .Message.ShouldContain("no reward model of stage 'helpful'");
        (await Should.ThrowAsync<BadInputException>(() => RolloutAsync(0, 1, new() { ["safety"] = "safety/", ["helpful"] = "safety/" })))
            .Message.ShouldContain("was trained Pointwise");
        (await Should.ThrowAsync<BadInputException>(() => RolloutAsync(0, 1, new() { ["safety"] = "safety/", ["helpful"] = "base/" })))
            .Message.ShouldContain(RewardModelInfo.FileName);
    }

    [Fact]
    public async Task RewardModels_MoreThanAreKept_AreLoadedAnew()
    {
        await TrainAsync();
        var means = new List<double>();
        foreach (var checkpoint in new[] { "helpful/", "safety/", "again/", "helpful/" })
        {
            if (checkpoint == "again/") await RewardModelAsync("again/", RewardObjective.Pairwise, RewardData.Pairs(folder));
            var outcome =
                await RolloutAsync(0, 2, new() { ["helpful"] = checkpoint == "safety/" ? "helpful/" : checkpoint, ["safety"] = "safety/" });
            means.Add(outcome.Metrics["rewards/helpful/model/mean"]);
        }
        means[3].ShouldBe(means[0]);
        means[2].ShouldBe(means[0], 1e-9, "the same training gives the same model");
    }

    [Fact]
    public void Score_CompletionWithoutASummary_IsTheWorstAndTooLongIsAnError()
    {
        using var scorer = Scorer(RewardObjective.Pairwise);
        Completion[] completions =
            [new("<think>1</think><answer>2</answer>", "", true), new("<think>1", "", false), new(new string('1', 100), "", true)];
        var rewards = scorer.Score(completions, normalize: true);
        rewards[0].Outcome.ShouldBe(RewardOutcome.Scored);
        (rewards[1].Outcome, rewards[1].Score).ShouldBe((RewardOutcome.Unparsable, -2));
        rewards[2].Outcome.ShouldBe(RewardOutcome.Error);
        rewards[2].Reason.ShouldContain("takes 96 at most");
        var plain = scorer.Score(completions, normalize: false);
        ((plain[0].Score - 1) / 2).ShouldBe(rewards[0].Score, 1e-6);
        plain[1].Score.ShouldBe(-3);
    }

    [Fact]
    public void Score_CharacterThatTheModelLacks_IsTheWorstInACompletionAndAnErrorInAPrompt()
    {
        using var scorer = Scorer(RewardObjective.Pairwise);
        var rewards =
            scorer.Score([new("<think>1</think><answer>2</answer>", "", true), new("<think>1</think><answer>Zwei</answer>", "", true)],
                normalize: true);
        rewards[0].Outcome.ShouldBe(RewardOutcome.Scored);
        (rewards[1].Outcome, rewards[1].Score).ShouldBe((RewardOutcome.Unparsable, -2));
        rewards[1].Reason.ShouldContain("'Z'");
        Should.Throw<BadInputException>(() =>
            scorer.Score([new("<think>1</think><answer>2</answer>", "", true) { Prompt = "What?" }], normalize: true))
            .Message.ShouldContain("'W'");
    }

    [Fact]
    public void Score_Pointwise_IsAChanceAndReadsTheThinkingToo()
    {
        using var scorer = Scorer(RewardObjective.Pointwise);
        var rewards =
            scorer.Score([new("<think>1</think><answer>2</answer>", "", true), new("<think>3</think><answer>2</answer>", "", true)],
                normalize: false);
        rewards.ShouldAllBe(reward => reward.Score > 0 && reward.Score < 1);
        rewards[0].Score.ShouldNotBe(rewards[1].Score);
        using var summaries = Scorer(RewardObjective.Pairwise);
        var same = summaries.Score(
            [new("<think>1</think><answer>2</answer>", "", true), new("<think>3</think><answer>2</answer>", "", true)], normalize: false);
        same[0].Score.ShouldBe(same[1].Score, 1e-5); // rows of one pass may round differently
    }

    private static Dictionary<string, string> Models => new() { ["helpful"] = "helpful/", ["safety"] = "safety/" };

    private static ResponseScorer Scorer(RewardObjective objective)
    {
        var tokenizer = new SymbolTokenizer("0123456789+*=;-,?");
        var model = RewardModel.Create(TestModels.Create(TestModels.Config(vocabulary: tokenizer.VocabularySize)), seed: 3);
        return new(model, tokenizer,
            new() { Objective = objective, Scores = new RewardModelStage { Task = "t", Objective = objective }.ScoredPart(), Prompt = new(),
                Mean = 1, Std = 2, Min = -3 });
    }

    private async Task TrainAsync()
    {
        await jobs.PretrainAsync();
        await RewardModelAsync("helpful/", RewardObjective.Pairwise, RewardData.Pairs(folder));
        await RewardModelAsync("safety/", RewardObjective.Pointwise, RewardData.Labels(folder));
    }

    private Task<JobOutcome> RewardModelAsync(string to, RewardObjective objective, TaskRecipe task) =>
        jobs.RunAsync(models => new RewardModelHandler(models), new RewardModelJob
    {
        Seed = 3, Stage = "rm", From = "base/", Task = task, Checkpoint = to,
        Settings = new() { Task = "t", Objective = objective, Rows = 160, BatchSize = 32, HeldOut = 32,
            Optimizer = new() { LearningRate = 3e-3 } },
    }, jobId: to.TrimEnd('/'));

    private Task<JobOutcome> RolloutAsync(int first, int count, Dictionary<string, string>? rewardModels = null) =>
        jobs.RunAsync(models => new RolloutHandler(models), new RolloutJob
    {
        Seed = 3, Stage = "rl", Settings = JobRunner.Rl with { Rewards = Rewards }, Tasks = JobRunner.Tasks, Iteration = 0,
            Policy = "base/", FirstQuestion = first, QuestionCount = count, Output = $"rollouts/{first}",
        RewardModels = rewardModels ?? Models,
    });

    private async Task<List<RolloutRow>> RowsAsync(JobOutcome outcome)
    {
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.safetensors");
        (await jobs.Blobs.TryDownloadAsync(outcome.Outputs["tokens"], path)).ShouldBeTrue();
        return RolloutFile.Read(path);
    }

    private static System.Text.Json.JsonElement Json(string text) =>
        System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(text);
}
