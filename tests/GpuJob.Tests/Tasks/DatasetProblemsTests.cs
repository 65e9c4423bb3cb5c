using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Tasks;

public sealed class DatasetProblemsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-dataset-problems");
    private readonly JobRunner jobs = new();

    public void Dispose()
    {
        jobs.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Training_Shuffled_DrawsEachOnceAnEpochAndAnotherOrderInTheNext()
    {
        var task = await CreateAsync(new() { Files = [Sums(20)], HeldOutPercent = 0 });
        string[] Epoch(int epoch) => [.. Enumerable.Range(0, 20).Select(i => task.Training(new ProblemDraw(0, epoch * 20 + i)).Id)];
        Epoch(0).Distinct().Count().ShouldBe(20);
        Epoch(1).Order().ShouldBe(Epoch(0).Order());
        Epoch(1).ShouldNotBe(Epoch(0));
        Epoch(9).Distinct().Count().ShouldBe(20);
        Epoch(1).ShouldBe(Epoch(1));
    }

    [Fact]
    public async Task Training_EasyToHard_SlidesWithProgress()
    {
        var file = Write("rated.jsonl",
            Enumerable.Range(0, 100)
            .Select(i =>
                $$"""{"question":"{{i:D2}}+00=","answer":"{{i}}","pass_rate":{{(i / 100.0).ToString(System.Globalization.CultureInfo.InvariantCulture)}}}"""));
        var task = await CreateAsync(new() { Files = [file], HeldOutPercent = 0, Order = DatasetOrder.EasyToHard });
        int[] Drawn(double progress) =>
            [.. Enumerable.Range(0, 200)
                .Select(i =>
                    int.Parse(task.Training(new ProblemDraw(Seeds.Derive(1, "x", i), i, progress)).Answer,
                        System.Globalization.CultureInfo.InvariantCulture))];
        Drawn(0).ShouldAllBe(passRate => passRate >= 80);
        Drawn(0.5).ShouldAllBe(passRate => passRate >= 40 && passRate < 60);
        Drawn(1).ShouldAllBe(passRate => passRate < 20);
        Drawn(1).Distinct().Count().ShouldBeGreaterThan(15);
    }

    [Fact]
    public async Task HeldOut_Problems_AreNeverTrainedOnAndHaveTheirFields()
    {
        var task = await CreateAsync(new() { Files = [Sums(200)], HeldOutPercent = 30, Template = "{prompt}?" });
        var held = task.HeldOut(40);
        held.ShouldAllBe(problem => task.IsHeldOut(problem) && problem.Prompt.EndsWith("=?"));
        held[0].Fields.ShouldContainKey("note");
        for (var i = 0; i < 300; i++) task.IsHeldOut(task.Training(new ProblemDraw((ulong)i, i))).ShouldBeFalse();
        Should.Throw<BadInputException>(() => task.HeldOut(150)).Message.ShouldContain("150");
    }

    [Fact]
    public async Task Create_FromBlob_ReadsStorage()
    {
        await jobs.Blobs.WriteAsync("datasets/sums.jsonl", new BinaryData(File.ReadAllBytes(Sums(5))),
            TestContext.Current.CancellationToken);
        var task = await CreateAsync(new() { Files = ["blob:datasets/sums.jsonl"], HeldOutPercent = 0 });
        Enumerable.Range(0, 5).Select(i => task.Training(new ProblemDraw(0, i)).Id).Distinct().Count().ShouldBe(5);
        (await Should.ThrowAsync<BadInputException>(() => CreateAsync(new() { Files = ["blob:none.jsonl"] })))
            .Message.ShouldContain("blob:none.jsonl");
    }

    [Fact]
    public async Task Create_BadRow_IsBadInputWithFileAndRow() =>
        (await Should.ThrowAsync<BadInputException>(() => CreateAsync(new() { Files = [Write("bad.jsonl", ["{}"])] })))
            .Message.ShouldContain("bad.jsonl(1)");

    [Fact]
    public async Task Create_ChangedFile_IsReadAnew()
    {
        var file = Write("a.jsonl", ["""{"question":"1+1=","answer":"2"}"""]);
        (await CreateAsync(new() { Files = [file], HeldOutPercent = 0 })).Training(0).Prompt.ShouldBe("1+1=");
        Write("a.jsonl", ["""{"question":"1+1+1=","answer":"3"}"""]);
        (await CreateAsync(new() { Files = [file], HeldOutPercent = 0 })).Training(0).Prompt.ShouldBe("1+1+1=");
    }

    [Fact]
    public async Task Pretrain_OnADataset_IsBadInput()
    {
        var payload = new PretrainJob { Stage = "base", Settings = JobRunner.Pretraining,
            Tasks = new Dictionary<string, TaskRecipe> { [JobRunner.Pretraining.Task!] = new DatasetTask { Files = [Sums(3)] } },
            Checkpoint = "x/" };
        (await Should.ThrowAsync<BadInputException>(() => jobs.RunAsync(models => new PretrainHandler(models), payload)))
            .Message.ShouldContain("worked examples");
    }

    [Fact]
    public async Task RolloutUpdateEvaluate_OnADataset_RunThrough()
    {
        await jobs.PretrainAsync();
        var task = new DatasetTask { Files = [Sums(60)], HeldOutPercent = 30 };
        var rollout = await RolloutAsync(task, JobRunner.Rl);
        rollout.Metrics[MetricNames.Samples].ShouldBe(32);
        (await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/")).Metrics[MetricNames.SamplesUnjudged].ShouldBe(0);
        var evaluation = await jobs.RunAsync(models => new EvaluateHandler(models), new EvaluateJob
        {
            Seed = 3, Stage = "base", Task = task, Checkpoint = "base/", Rewards = JobRunner.Rl.Rewards,
                Settings = new EvaluationRecipe { Task = "data", Problems = 8, Samples = 1 },
        });
        evaluation.Metrics[MetricNames.EvalOverlap].ShouldBe(0);
        evaluation.Metrics[MetricNames.EvalUnjudged].ShouldBe(0);
    }

    [Fact]
    public async Task Rollout_VerifierThatFailsOnSomeRows_DropsTheirSamplesFromTheUpdate()
    {
        await jobs.PretrainAsync();
        // Half of the rows have the numbers that countdown needs.
        var file = Write("mixed.jsonl",
            Enumerable.Range(0, 8)
            .Select(i =>
                i % 2 == 0 ? $$"""{"question":"1{{i}}+20=","nums":[1,2],"target":3}""" : $$"""{"question":"1{{i}}+20=","answer":"3"}"""));
        var stage = JobRunner.Rl with {
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/countdown"] = 1, ["format/think-answer"] = 0.5 } };
        var rollout = await RolloutAsync(new() { Files = [file], HeldOutPercent = 0 }, stage);
        rollout.Metrics["rewards/accuracy/countdown/error"].ShouldBe(0.5);
        rollout.Metrics[MetricNames.DroppedRatio].ShouldBe(0.5);
        (await ReadAsync(rollout)).Count(row => row.Dropped).ShouldBe(16);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        (update.Metrics[MetricNames.Samples], update.Metrics[MetricNames.SamplesUnjudged]).ShouldBe((16, 16));

        var zero = stage with {
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/countdown"] = new() { OnError = RewardErrorPolicy.ScoreZero } } };
        rollout = await RolloutAsync(new() { Files = [file], HeldOutPercent = 0 }, zero);
        rollout.Metrics["rewards/accuracy/countdown/error"].ShouldBe(0.5, "it counts as 0, but visibly");
        rollout.Metrics[MetricNames.DroppedRatio].ShouldBe(0);
        (await ReadAsync(rollout)).ShouldAllBe(row => !row.Dropped);
    }

    [Fact]
    public async Task Update_NothingJudged_ChangesNothingAndSaysSo()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/countdown"] = 1 } };
        var rollout = await RolloutAsync(new() { Files = [Sums(20)], HeldOutPercent = 0 }, stage);
        rollout.Metrics.ShouldNotContainKey(MetricNames.RewardMean);
        var update = await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage);
        update.Metrics[MetricNames.SamplesUnjudged].ShouldBe(32);
        (await jobs.WeightsAsync("rl/1/")).ShouldBe(await jobs.WeightsAsync("base/"));
    }

    private Task<JobOutcome> RolloutAsync(DatasetTask task, RlStage stage) =>
        jobs.RunAsync(models => new RolloutHandler(models), new RolloutJob
    {
        Seed = 3, Stage = "rl", Settings = stage, Tasks = new Dictionary<string, TaskRecipe> { [stage.Task!] = task }, Iteration = 0,
            Policy = "base/", FirstQuestion = 0, QuestionCount = 8, Output = $"rollouts/{Guid.NewGuid():N}",
    });

    private async Task<List<RolloutRow>> ReadAsync(JobOutcome rollout)
    {
        var file = Path.Combine(folder.FullName, "rollout.safetensors");
        (await jobs.Blobs.TryDownloadAsync(rollout.Outputs["tokens"], file, TestContext.Current.CancellationToken)).ShouldBeTrue();
        return RolloutFile.Read(file);
    }

    private Task<IProblemTask> CreateAsync(DatasetTask task) =>
        ProblemTasks.CreateAsync(task, jobs.Blobs, jobs.Hub, TestContext.Current.CancellationToken);

    private string Sums(int count) =>
        Write($"sums{count}.jsonl",
            Enumerable.Range(0, count)
            .Select(i => $$"""{"question":"{{i % 100:D2}}+{{i / 100:D2}}=","answer":"{{i % 100 + i / 100}}","note":"n"}"""));

    private string Write(string name, IEnumerable<string> lines)
    {
        var file = Path.Combine(folder.FullName, name);
        File.WriteAllLines(file, lines);
        return file;
    }
}
