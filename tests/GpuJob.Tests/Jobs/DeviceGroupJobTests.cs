using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Collecting;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Jobs that sample, on a worker with several devices and on one with one: what they write is the same to the byte.</summary>
public sealed class DeviceGroupJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData("cpu,cpu", 8)]
    [InlineData("cpu,cpu,cpu", 1)] // a question's samples on several devices
    public async Task Rollout_OnSeveralDevices_WritesTheFilesOfOne(string devices, int questions)
    {
        await jobs.PretrainAsync();
        var one = await FilesAsync(await jobs.RolloutAsync("base/", count: questions));
        jobs.Restart(devices);
        var several = await FilesAsync(await jobs.RolloutAsync("base/", count: questions));

        several.Keys.ShouldBe(["samples", "tokens"]);
        several.ShouldBe(one);
    }

    [Fact]
    public async Task Rollout_AfterAnUpdate_SamplesWithTheNewWeightsOnEveryDevice()
    {
        await jobs.PretrainAsync();
        var stage = JobRunner.Rl with { Optimizer = new() { LearningRate = 1e-2 } };
        var first = await jobs.RolloutAsync("base/", stage: stage);
        await jobs.UpdateAsync("base/", [first.Outputs["tokens"]], "rl/1/", stage: stage);
        var one = await FilesAsync(await jobs.RolloutAsync("rl/1/", iteration: 1, stage: stage));

        jobs.Restart("cpu,cpu");
        var begin = await jobs.RolloutAsync("base/", stage: stage); // which makes the copies
        await jobs.UpdateAsync("base/", [begin.Outputs["tokens"]], "again/1/", stage: stage);
        (await jobs.HashAsync("again/1/")).ShouldBe(await jobs.HashAsync("rl/1/"));
        var several = await FilesAsync(await jobs.RolloutAsync("again/1/", iteration: 1, stage: stage));

        several["tokens"].ShouldBe(one["tokens"]);
        several["samples"].ShouldBe(one["samples"].Replace("rl/1/", "again/1/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evaluate_OnTwoDevices_WritesTheFilesOfOne()
    {
        await jobs.PretrainAsync();
        var job = new EvaluateJob
        {
            Seed = 3, Stage = "base", Task = JobRunner.Task, Checkpoint = "base/", Rewards = JobRunner.Rl.Rewards,
            Settings = new EvaluationRecipe { Task = "addition", Problems = 9, Samples = 2 },
        };
        var one = await jobs.RunAsync(models => new EvaluateHandler(models), job);
        jobs.Restart("cpu,cpu");
        var several = await jobs.RunAsync(models => new EvaluateHandler(models), job);

        (await FilesAsync(several)).ShouldBe(await FilesAsync(one));
        several.Metrics.ShouldBe(one.Metrics);
    }

    [Fact]
    public async Task Sample_OnTwoDevices_KeepsTheRowsOfOne()
    {
        await jobs.PretrainAsync();
        var stage = new RejectionSampleStage
        {
            Task = "addition", Questions = 20, Samples = 4, Keep = 2, Rewards = JobRunner.Rl.Rewards,
            Minimums = new Dictionary<string, double> { ["format/think-answer"] = 1 },
        };
        var job = new SampleJob
        {
            Seed = 3, Stage = "reject", Settings = stage, Task = JobRunner.Task, Checkpoint = "base/", FirstQuestion = 0,
            QuestionCount = 20, Output = "data/reject",
        };
        var one = await FilesAsync(await jobs.RunAsync(models => new SampleHandler(models), job));
        jobs.Restart("cpu,cpu");
        (await FilesAsync(await jobs.RunAsync(models => new SampleHandler(models), job))).ShouldBe(one);
    }

    private async Task<SortedDictionary<string, string>> FilesAsync(JobOutcome outcome)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, path) in outcome.Outputs)
            files[name] = System.Text.Encoding.Latin1.GetString((await jobs.Blobs.TryReadAsync(path))!.ToArray()); // byte for byte
        return files;
    }
}
