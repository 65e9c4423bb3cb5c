using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary>
/// An update whose gradients shards compute, against the one that a single job makes, and against itself with workers that die.
/// </summary>
public sealed class ShardedUpdateTests : IDisposable
{
    private static readonly RlStage Stage =
        JobRunner.Rl with { UpdateShards = 3, MiniBatches = 4, Epochs = 2, Loss = new() { KlWeight = 0.01 } };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData(2, LossAggregation.SequenceMean)]
    [InlineData(3, LossAggregation.TokenMean)]
    [InlineData(8, LossAggregation.ConstantLength)]
    public async Task Update_InShards_IsThatOfOneWorkerWithinRounding(int shards, LossAggregation aggregation)
    {
        var stage = Stage with { UpdateShards = shards, Loss = Stage.Loss with { Aggregation = aggregation } };
        var rollout = await RolloutAsync();
        var one = await jobs.UpdateAsync("base/", rollout, "one/", stage: stage, reference: "base/");
        var many = await jobs.ShardedUpdateAsync("base/", rollout, "many/", stage, reference: "base/");

        many.Metrics.Keys.ShouldBe(one.Metrics.Keys, ignoreOrder: true);
        foreach (var (name, value) in one.Metrics) many.Metrics[name].ShouldBe(value, 1e-5 + (1e-4 * Math.Abs(value)), name);

        // Rounding differs with the order of additions, and eight AdamW steps carry it on.
        var (before, single, sharded) = (await WeightsAsync("base/"), await WeightsAsync("one/"), await WeightsAsync("many/"));
        (Distance(single, sharded) / Distance(before, single)).ShouldBeLessThan(1e-3);
        Distance(before, single).ShouldBeGreaterThan(0.01, "the update changed little, so the test says little");
    }

    [Fact]
    public async Task Gradients_OfAllShards_SumToTheWhole()
    {
        var rollout = await RolloutAsync();
        var whole = await GradientAsync(Stage with { UpdateShards = 1 }, rollout);
        var parts = await GradientAsync(Stage with { UpdateShards = 3 }, rollout);
        (Distance(whole, parts) / Norm(whole)).ShouldBeLessThan(1e-6);
    }

    [Fact]
    public async Task Update_EveryJobOnAnotherWorker_EndsWithTheSameBits()
    {
        var rollout = await RolloutAsync();
        var calm = await jobs.ShardedUpdateAsync("base/", rollout, "calm/", Stage, reference: "base/");
        var rough = await jobs.ShardedUpdateAsync("base/", rollout, "rough/", Stage, reference: "base/", before: () =>
        {
            jobs.Restart();
            return Task.CompletedTask;
        });
        (await jobs.HashAsync("rough/")).ShouldBe(await jobs.HashAsync("calm/"));
        rough.Metrics.ShouldBe(calm.Metrics);
        (await jobs.WeightsAsync("calm/")).ShouldNotBe(await jobs.WeightsAsync("base/"));
    }

    [Fact]
    public async Task Update_OtherJobsBetween_EndsWithTheSameBits()
    {
        var rollout = await RolloutAsync();
        await jobs.ShardedUpdateAsync("base/", rollout, "calm/", Stage, reference: "base/");
        var turn = 0;
        await jobs.ShardedUpdateAsync("base/", rollout, "mixed/", Stage, reference: "base/", before: async () =>
        {
            if (turn++ % 2 == 1) await jobs.RolloutAsync("base/", iteration: 1, stage: Stage); // the next iteration's, beside the update
        });
        (await jobs.HashAsync("mixed/")).ShouldBe(await jobs.HashAsync("calm/"));
    }

    [Fact]
    public async Task Iterations_OfAnAdapterInBfloat16_EndWithTheSameBitsOnOtherWorkers()
    {
        await jobs.PretrainAsync();
        var stage = Stage with
        {
            UpdateShards = 2, MicroBatchTokens = 100,
            Optimizer = new() { LearningRate = 1e-2, Precision = TrainingPrecision.Bfloat16, Recompute = true,
                Lora = new LoraRecipe { Rank = 4, Alpha = 8 } },
        };
        foreach (var (name, dies) in new[] { ("calm", false), ("rough", true) })
        {
            var policy = "base/";
            for (var iteration = 0; iteration < 2; iteration++)
            {
                var rollout = await jobs.RolloutAsync(policy, iteration, stage: stage);
                await jobs.ShardedUpdateAsync(policy, [rollout.Outputs["tokens"]], $"{name}/{iteration + 1}/", stage, iteration, "base/",
                    before: () =>
                {
                    if (dies) jobs.Restart();
                    return Task.CompletedTask;
                });
                policy = $"{name}/{iteration + 1}/";
            }
        }
        (await jobs.HashAsync("rough/2/")).ShouldBe(await jobs.HashAsync("calm/2/"));
        (await jobs.HashAsync("calm/2/")).ShouldNotBe(await jobs.HashAsync("calm/1/"));
    }

    [Fact]
    public async Task Gradient_WorkerAtTheStepBefore_LoadsNoCheckpoint()
    {
        var rollout = await RolloutAsync();
        var stage = Stage with { UpdateShards = 1, Loss = new() };
        var first = await jobs.GradientAsync("base/", rollout, stage, 0, 0, []);
        await jobs.Blobs.DeleteAsync("base/manifest.json"); // who asks for it now fails
        var second = await jobs.GradientAsync("base/", rollout, stage, 1, 0, [first.Outputs["gradient"]]);
        await jobs.GradientAsync("base/", rollout, stage, 2, 0, [second.Outputs["gradient"]]);

        jobs.Restart();
        await Should.ThrowAsync<CheckpointNotFoundException>(() =>
            jobs.GradientAsync("base/", rollout, stage, 2, 0, [second.Outputs["gradient"]]));
    }

    [Fact]
    public async Task Update_NothingToLearnFrom_WritesTheSameWeights()
    {
        await jobs.PretrainAsync();
        var stage = Stage with { Sampling = new() { MaxNewTokens = 1 }, Loss = new() { MaskTruncated = true } };
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        var outcome = await jobs.ShardedUpdateAsync("base/", [rollout.Outputs["tokens"]], "next/", stage);
        outcome.Metrics[MetricNames.Samples].ShouldBe(0);
        (await jobs.WeightsAsync("next/")).ShouldBe(await jobs.WeightsAsync("base/"));
    }

    [Fact]
    public async Task Update_FewerRowsThanShards_IsThatOfOneWorkerWithinRounding()
    {
        var stage = Stage with { UpdateShards = 5, MiniBatches = 16, Epochs = 1, Loss = new() }; // two rows a step
        var rollout = await RolloutAsync();
        var one = await jobs.UpdateAsync("base/", rollout, "one/", stage: stage);
        var many = await jobs.ShardedUpdateAsync("base/", rollout, "many/", stage);
        many.Metrics[MetricNames.GradNorm].ShouldBe(one.Metrics[MetricNames.GradNorm], 1e-4);
        (Distance(await WeightsAsync("one/"), await WeightsAsync("many/"))
            / Distance(await WeightsAsync("base/"), await WeightsAsync("one/"))).ShouldBeLessThan(1e-3);
    }

    [Theory]
    [InlineData(false, "there is no gradient")]
    [InlineData(true, "its name says another")]
    public async Task Gradient_OneBeforeIsGoneOrDiffers_NamesIt(bool damaged, string message)
    {
        var rollout = await RolloutAsync();
        var paths = new List<string>();
        for (var shard = 0; shard < 3; shard++)
            paths.Add((await jobs.GradientAsync("base/", rollout, Stage, 0, shard, [], reference: "base/")).Outputs["gradient"]);
        if (damaged) await jobs.Blobs.WriteAsync(paths[1], (await jobs.Blobs.TryReadAsync(paths[2]))!);
        else await jobs.Blobs.DeleteAsync(paths[1]);
        var error = await Should.ThrowAsync<BadInputException>(() =>
            jobs.GradientAsync("base/", rollout, Stage, 1, 0, paths, reference: "base/"));
        error.Message.ShouldContain(message);
        error.Message.ShouldContain(paths[1]);
    }

    [Fact]
    public async Task Update_GradientsOfTooFewSteps_IsRefused()
    {
        var rollout = await RolloutAsync();
        var stage = Stage with { UpdateShards = 1, Loss = new() };
        var first = await jobs.GradientAsync("base/", rollout, stage, 0, 0, []);
        var error = await Should.ThrowAsync<BadInputException>(() =>
            jobs.RunAsync(models => new R1Cloud.GpuJob.Jobs.Updates.UpdateHandler(models), new UpdateJob
        {
            Seed = 3, Stage = "rl", Settings = stage, Iteration = 0, Policy = "base/", Rollouts = rollout,
                Gradients = [first.Outputs["gradient"]], Checkpoint = "next/",
        }));
        error.Message.ShouldContain("gradients of 1 steps; the update has 8");
    }

    private async Task<IReadOnlyList<string>> RolloutAsync()
    {
        await jobs.PretrainAsync();
        var first = await jobs.RolloutAsync("base/", first: 0, count: 5, stage: Stage);
        var second = await jobs.RolloutAsync("base/", first: 5, count: 3, stage: Stage);
        return [first.Outputs["tokens"], second.Outputs["tokens"]];
    }

    private Task<Dictionary<string, float[]>> WeightsAsync(string checkpoint) => ReadAsync(async () =>
        (await jobs.Blobs.ReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json")).Files["model.safetensors"].Path);

    // The first step's gradient, summed over the shards.
    private async Task<Dictionary<string, float[]>> GradientAsync(RlStage stage, IReadOnlyList<string> rollout)
    {
        var sum = new Dictionary<string, float[]>();
        for (var shard = 0; shard < stage.UpdateShards; shard++)
        {
            var outcome = await jobs.GradientAsync("base/", rollout, stage, 0, shard, [], reference: "base/");
            foreach (var (name, values) in await ReadAsync(() => Task.FromResult(outcome.Outputs["gradient"])))
                sum[name] = sum.TryGetValue(name, out var before) ? [.. before.Zip(values, (a, b) => a + b)] : values;
        }
        return sum;
    }

    private async Task<Dictionary<string, float[]>> ReadAsync(Func<Task<string>> path)
    {
        var file = Path.GetTempFileName();
        try
        {
            (await jobs.Blobs.TryDownloadAsync(await path(), file)).ShouldBeTrue();
            using var reader = new SafetensorsReader(file);
            using var scope = NewDisposeScope();
            return reader.Tensors.Keys.ToDictionary(name => name, name => reader.Read(name).data<float>().ToArray());
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static double Distance(Dictionary<string, float[]> a, Dictionary<string, float[]> b) =>
        Math.Sqrt(a.Sum(tensor => tensor.Value.Zip(b[tensor.Key], (x, y) => Math.Pow(x - y, 2)).Sum()));

    private static double Norm(Dictionary<string, float[]> a) => Math.Sqrt(a.Values.Sum(tensor => tensor.Sum(x => (double)x * x)));
}
