using R1Cloud.GpuJob.Jobs.Checking;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.GpuJob.Work;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Residency;

/// <summary>What a GPU has no room for is told before its memory is full.</summary>
public sealed class DeviceFitTests : IDisposable
{
    // Qwen2.5-7B's shape.
    private static readonly ModelConfig Seven = TestModels.Config(hidden: 3584, layers: 28, heads: 28, kvHeads: 4, headDim: 128,
        intermediate: 18_944, vocabulary: 152_064, tied: false, bias: true, positions: 32_768);

    private static readonly RlStage Stage = JobRunner.Rl with
    {
        Sampling = new() { MaxNewTokens = 1000 }, MicroBatchTokens = 8192,
        Optimizer = new() { LearningRate = 1e-6, Precision = TrainingPrecision.Bfloat16, Recompute = true },
    };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Fact]
    public void Require_SevenBillionParametersOn24Gigabytes_SaysWhatItTakesAndWhatWouldHelp()
    {
        var fit = new DeviceFit(() => 24e9);
        var error = Should.Throw<BadInputException>(() => fit.Require(Spec(Update(Stage)), Seven));
        error.Message.ShouldStartWith("Job 'job': training takes 12");
        error.Message.ShouldContain("weights 30.46 GB, gradients 30.46 GB, optimizer moments 60.92 GB");
        error.Message.ShouldContain("it has 24 GB, of which 22.8 GB can be used");
        error.Message.ShouldEndWith("It would fit with optimizer.lora.");
        Failures.ExitCode(error).ShouldBe(ExitCodes.BadInput, "another attempt would fail the same");

        Should.Throw<BadInputException>(() => new DeviceFit(() => 80e9).Require(Spec(Update(Stage)), Seven)).Message
            .ShouldContain("It would fit with optimizer.state: host");
        var host = Stage with { Optimizer = Stage.Optimizer with { State = OptimizerStatePlace.Host } };
        new DeviceFit(() => 80e9).Require(Spec(Update(host)), Seven);
        DeviceFit.Unknown.Require(Spec(Update(Stage)), Seven);
    }

    [Fact]
    public void Require_Reference_IsCountedWhereTheJobHasOne()
    {
        var host = Stage with { Optimizer = Stage.Optimizer with { State = OptimizerStatePlace.Host } };
        Should.Throw<BadInputException>(() =>
            new DeviceFit(() => 60e9).Require(Spec(Update(host) with { Reference = "base/" }), Seven)).Message.ShouldContain("reference ");
        new DeviceFit(() => 60e9).Require(Spec(Update(host)), Seven);
    }

    [Fact]
    public async Task Update_OnADeviceThatIsTooSmall_IsRefusedThoughThePolicyIsThere()
    {
        await jobs.PretrainAsync();
        jobs.DeviceBytes = 3e5; // room to sample, not to train
        jobs.Restart();
        var rollout = await jobs.RolloutAsync("base/", count: 1);
        (await Should.ThrowAsync<BadInputException>(() => jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "next/"))).Message
            .ShouldContain("training takes");
        jobs.DeviceBytes = 1e4;
        jobs.Restart();
        (await Should.ThrowAsync<BadInputException>(() => jobs.RolloutAsync("base/"))).Message.ShouldContain("sampling takes");
        (await Should.ThrowAsync<BadInputException>(() => jobs.PretrainAsync("other/"))).Message.ShouldContain("training takes");
    }

    [Fact]
    public async Task Check_StagesThatDoNotFit_AreNamed()
    {
        var recipe = new Recipe
        {
            Name = "small", Tasks = new Dictionary<string, R1Cloud.Shared.Recipes.Tasks.TaskRecipe> { ["addition"] = JobRunner.Task },
            Stages = new Dictionary<string, StageRecipe> { ["base"] = JobRunner.Pretraining, ["rl"] = JobRunner.Rl with { From = "base" } },
        };
        await jobs.RunAsync(_ => new CheckHandler(new DeviceFit(() => 24e9)), new CheckJob { Recipe = recipe });
        var problem = (await Should.ThrowAsync<BadInputException>(() =>
            jobs.RunAsync(_ => new CheckHandler(new DeviceFit(() => 1e4)), new CheckJob { Recipe = recipe }))).Message;
        problem.ShouldContain("stages.base: training takes");
        problem.ShouldContain("stages.rl: sampling takes");
        problem.ShouldContain("stages.rl: training takes");
    }

    private static UpdateJob Update(RlStage stage) => new()
    {
        Stage = "rl", Settings = stage, Iteration = 0, Policy = "base/", Rollouts = [], Checkpoint = "next/",
    };

    private static JobSpec Spec(JobPayload payload) => new() { RunId = "run", JobId = "job", Payload = payload };
}
