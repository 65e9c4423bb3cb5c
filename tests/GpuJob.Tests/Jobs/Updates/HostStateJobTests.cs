using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.GpuJob.Sampling;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary><c>optimizer.state: host</c> against <c>device</c>: on a CPU the same checkpoints, byte for byte.</summary>
public sealed class HostStateJobTests : IDisposable
{
    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData(TrainingPrecision.Float32)]
    [InlineData(TrainingPrecision.Bfloat16)]
    public async Task Updates_StateInHostMemory_AreThoseOfTheDevice(TrainingPrecision precision)
    {
        await jobs.PretrainAsync();
        var device = JobRunner.Rl with { Optimizer = JobRunner.Rl.Optimizer with { Precision = precision, ClipNorm = 0.05 },
            MicroBatchSize = 5, Loss = new() { KlWeight = 0.01 } };
        var host = With(device, OptimizerStatePlace.Host);
        await IterateAsync("device", _ => device);
        await IterateAsync("host", _ => host);
        await IterateAsync("both", iteration => iteration == 1 ? host : device);
        jobs.Restart();
        await IterateAsync("restarted", _ => host, _ => jobs.Restart());
        for (var step = 1; step <= 3; step++)
        {
            foreach (var run in (string[])["host", "both", "restarted"])
                (await jobs.HashAsync(At(run, step))).ShouldBe(await jobs.HashAsync(At("device", step)), $"{run}, {step}");
        }
    }

    [Fact]
    public async Task ShardedUpdates_StateInHostMemory_AreThoseOfTheDevice()
    {
        await jobs.PretrainAsync();
        var device = JobRunner.Rl with { Optimizer = JobRunner.Rl.Optimizer with { Precision = TrainingPrecision.Bfloat16 },
            UpdateShards = 2 };
        var rollout = (await jobs.RolloutAsync("base/", stage: device)).Outputs["tokens"];
        await jobs.ShardedUpdateAsync("base/", [rollout], "device/", device);
        await jobs.ShardedUpdateAsync("base/", [rollout], "host/", With(device, OptimizerStatePlace.Host));
        (await jobs.HashAsync("host/")).ShouldBe(await jobs.HashAsync("device/"));
    }

    [Fact]
    public async Task PretrainAndSft_StateInHostMemory_AreThoseOfTheDevice()
    {
        var pretraining = JobRunner.Pretraining with { Steps = 20, SaveEvery = 8,
            Optimizer = JobRunner.Pretraining.Optimizer with { Precision = TrainingPrecision.Bfloat16, Recompute = true } };
        await jobs.PretrainAsync(stage: pretraining);
        await jobs.PretrainAsync("host/", jobId: "host", stage: pretraining with
        {
            Optimizer = pretraining.Optimizer with { State = OptimizerStatePlace.Host },
        });
        (await jobs.HashAsync("host/")).ShouldBe(await jobs.HashAsync("base/"));

        await jobs.Blobs.WriteAsync("cold.jsonl", CompletionRow.ToJsonLines([.. Enumerable.Range(10, 40).Select(number => new CompletionRow
        {
            Prompt = $"{number}+01=", Completion = $"<answer>{number + 1}</answer>", Answer = $"{number + 1}",
            Verdicts = new Dictionary<string, double>(),
        })]));
        var tuning = new SftStage { Data = ["cold"], Epochs = 2, BatchSize = 16, MicroBatchSize = 6, SaveEvery = 3,
            Optimizer = pretraining.Optimizer };
        await SftAsync(tuning, "device/");
        await SftAsync(tuning with { Optimizer = tuning.Optimizer with { State = OptimizerStatePlace.Host } }, "tuned/");
        (await jobs.HashAsync("tuned/step-000006/")).ShouldBe(await jobs.HashAsync("device/step-000006/"));
    }

    private Task<JobOutcome> SftAsync(SftStage stage, string to) => jobs.RunAsync(models => new SftHandler(models), new SftJob
    {
        Seed = 3, Stage = "sft", Settings = stage, From = "base/", Checkpoints = to,
        Data = new Dictionary<string, IReadOnlyList<string>> { ["cold"] = ["cold.jsonl"] }, Tasks = new Dictionary<string, TaskRecipe>(),
    }, jobId: to.TrimEnd('/'));

    private async Task IterateAsync(string run, Func<int, RlStage> stage, Action<int>? before = null)
    {
        for (var iteration = 0; iteration < 3; iteration++)
        {
            before?.Invoke(iteration);
            var rollout = (await jobs.RolloutAsync(At(run, iteration), iteration, stage: stage(iteration))).Outputs["tokens"];
            await jobs.UpdateAsync(At(run, iteration), [rollout], At(run, iteration + 1), iteration, stage(iteration), reference: "base/");
        }
    }

    private static RlStage With(RlStage stage, OptimizerStatePlace place) =>
        stage with { Optimizer = stage.Optimizer with { State = place } };

    private static string At(string run, int step) => step == 0 ? "base/" : $"{run}/{step}/";
}
