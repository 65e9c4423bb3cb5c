using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary>
/// An update whose replicas compute on a worker's devices, against the same shards in jobs of their own: the same bits, on any number of
/// devices.
/// </summary>
public sealed class ReplicatedUpdateTests : IDisposable
{
    private static readonly RlStage Plain = JobRunner.Rl with { MiniBatches = 4, Epochs = 2, Loss = new() { KlWeight = 0.01 } };

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData("cpu,cpu", 2)]
    [InlineData("cpu,cpu", 5)] // three rounds, the last with one device
    [InlineData("cpu", 3)]
    [InlineData("cpu,cpu,cpu", 2)]
    public async Task Update_InReplicas_HasTheBitsOfAsManyShards(string devices, int replicas)
    {
        var rollout = await RolloutAsync(Plain);
        var shards = await jobs.ShardedUpdateAsync("base/", rollout, "shards/", Plain with { UpdateShards = replicas }, reference: "base/");
        jobs.Restart(devices);
        var update = await jobs.UpdateAsync("base/", rollout, "replicas/", stage: Plain with { UpdateReplicas = replicas },
            reference: "base/");

        (await jobs.HashAsync("replicas/")).ShouldBe(await jobs.HashAsync("shards/"));
        (await jobs.WeightsAsync("replicas/")).ShouldNotBe(await jobs.WeightsAsync("base/"));
        update.Metrics.Keys.ShouldBe(shards.Metrics.Keys, ignoreOrder: true);
        foreach (var (name, value) in shards.Metrics) update.Metrics[name].ShouldBe(value, 1e-6 + (1e-5 * Math.Abs(value)), name);
    }

    [Fact]
    public async Task Update_ReplicasOfShards_HaveTheSameBitsOnAnyWorker()
    {
        var rollout = await RolloutAsync(Plain);
        var stage = Plain with { UpdateShards = 2, UpdateReplicas = 2 };
        await jobs.ShardedUpdateAsync("base/", rollout, "one/", stage, reference: "base/");
        jobs.Restart("cpu,cpu");
        var turn = 0;
        await jobs.ShardedUpdateAsync("base/", rollout, "mixed/", stage, reference: "base/", before: () =>
        {
            if (turn++ % 3 == 2) jobs.Restart(turn % 2 == 0 ? "cpu" : "cpu,cpu"); // a worker dies, the next has other devices
            return Task.CompletedTask;
        });
        (await jobs.HashAsync("mixed/")).ShouldBe(await jobs.HashAsync("one/"));
    }

    [Fact]
    public async Task Iterations_OfAnAdapterInBfloat16_HaveTheBitsOfShards()
    {
        var stage = Plain with
        {
            MicroBatchTokens = 100,
            Optimizer = new() { LearningRate = 1e-2, Precision = TrainingPrecision.Bfloat16, Recompute = true,
                Lora = new LoraRecipe { Rank = 4, Alpha = 8 } },
        };
        await jobs.PretrainAsync();
        foreach (var name in new[] { "shards", "replicas" })
        {
            var policy = "base/";
            if (name == "replicas") jobs.Restart("cpu,cpu");
            for (var iteration = 0; iteration < 2; iteration++)
            {
                var rollout = (await jobs.RolloutAsync(policy, iteration, stage: stage)).Outputs["tokens"];
                var next = $"{name}/{iteration + 1}/";
                if (name == "shards")
                    await jobs.ShardedUpdateAsync(policy, [rollout], next, stage with { UpdateShards = 2 }, iteration, "base/");
                else
                    await jobs.UpdateAsync(policy, [rollout], next, iteration, stage with { UpdateReplicas = 2 }, "base/");
                policy = next;
            }
        }
        (await jobs.HashAsync("replicas/2/")).ShouldBe(await jobs.HashAsync("shards/2/"));
        (await jobs.HashAsync("replicas/2/")).ShouldNotBe(await jobs.HashAsync("replicas/1/"));
    }

    [Theory]
    [InlineData(TrainingPrecision.Float32, "cpu,cpu", 1)]
    [InlineData(TrainingPrecision.Bfloat16, "cpu,cpu", 1)]
    [InlineData(TrainingPrecision.Bfloat16, "cpu,cpu,cpu,cpu", 2)]
    public async Task Iterations_StateInHostMemory_HaveTheBitsOfShardsOnADevice(TrainingPrecision precision, string devices, int perReplica)
    {
        var stage = Plain with { MiniBatches = 2, Optimizer = new() { LearningRate = 1e-2, Precision = precision } };
        await jobs.PretrainAsync();
        foreach (var name in new[] { "shards", "replicas" })
        {
            var policy = "base/";
            if (name == "replicas") jobs.Restart(devices, perReplica);
            for (var iteration = 0; iteration < 2; iteration++)
            {
                var rollout = (await jobs.RolloutAsync(policy, iteration, stage: stage)).Outputs["tokens"];
                var next = $"{name}/{iteration + 1}/";
                if (name == "shards")
                    await jobs.ShardedUpdateAsync(policy, [rollout], next, stage with { UpdateShards = 2 }, iteration, "base/");
                else
                    await jobs.UpdateAsync(policy, [rollout], next, iteration,
                        stage with { UpdateReplicas = 2, Optimizer = stage.Optimizer with { State = OptimizerStatePlace.Host } }, "base/");
                policy = next;
            }
        }
        (await jobs.HashAsync("replicas/2/")).ShouldBe(await jobs.HashAsync("shards/2/"));
    }

    [Theory]
    [InlineData("cpu,cpu", 1, false)]
    [InlineData("cpu,cpu,cpu,cpu", 2, true)]
    public async Task Iterations_ModelsOverTwoDevicesEach_HaveTheBitsOfOne(string devices, int replicas, bool lora)
    {
        var stage = Plain with
        {
            UpdateReplicas = replicas, MiniBatches = 2,
            Optimizer = new() { LearningRate = 1e-2, Precision = TrainingPrecision.Bfloat16, Lora = lora ? new() { Rank = 4 } : null },
        };
        await jobs.PretrainAsync();
        foreach (var name in new[] { "one", "spread" })
        {
            if (name == "spread") jobs.Restart(devices, perReplica: 2);
            var policy = "base/";
            for (var iteration = 0; iteration < 2; iteration++)
            {
                var rollout = (await jobs.RolloutAsync(policy, iteration, stage: stage)).Outputs["tokens"];
                await jobs.UpdateAsync(policy, [rollout], $"{name}/{iteration + 1}/", iteration, stage, "base/");
                policy = $"{name}/{iteration + 1}/";
            }
        }
        (await jobs.HashAsync("spread/2/")).ShouldBe(await jobs.HashAsync("one/2/"));
        (await jobs.HashAsync("spread/2/")).ShouldNotBe(await jobs.HashAsync("spread/1/"));
        (await jobs.AskAsync((models, context) => models.PolicyAsync("spread/2/", context))).Model.Layers.Devices.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Worker_DevicesThatAreNoWholeReplicas_IsRefused()
    {
        await jobs.PretrainAsync();
        jobs.Restart("cpu,cpu,cpu", perReplica: 2);
        (await Should.ThrowAsync<R1Cloud.Shared.BadInputException>(() => jobs.RolloutAsync("base/"))).Message
            .ShouldContain("devices-per-replica: 2 is not allowed; allowed are the divisors of the number of devices, 3");
        jobs.Restart();
    }

    [Fact]
    public async Task Update_OneReplica_LeavesTheOtherDevicesAndHasTheBitsOfBefore()
    {
        var rollout = await RolloutAsync(Plain);
        var one = await jobs.UpdateAsync("base/", rollout, "one/", stage: Plain, reference: "base/");
        jobs.Restart("cpu,cpu");
        var two = await jobs.UpdateAsync("base/", rollout, "two/", stage: Plain, reference: "base/");
        (await jobs.HashAsync("two/")).ShouldBe(await jobs.HashAsync("one/"));
        two.Metrics.ShouldBe(one.Metrics);
    }

    private async Task<IReadOnlyList<string>> RolloutAsync(RlStage stage)
    {
        await jobs.PretrainAsync();
        return [(await jobs.RolloutAsync("base/", stage: stage)).Outputs["tokens"]];
    }
}
