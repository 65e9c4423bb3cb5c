using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Tests.Plan;

/// <summary>What a stage needs of a device's memory, counted by hand.</summary>
public class StageMemoryTests
{
    private static readonly PlanModel Seven = new(7e9, 10, 3000) { Shape = new(3000, 10_000, 500, 100_000) };

    /// <summary>
    /// Counted by hand: 28 weights, 28 gradients, 56 moments, 28 reference; a pass of 1,000 tokens keeps 4·10·(18 + 12 + 40) MB.
    /// </summary>
    [Fact]
    public void Memory_OfTraining_IsTheSumOfItsRoles()
    {
        var demand = new MemoryDemand
        {
            PassTokens = 1000, CachedTokens = 1000, Training = new() { LearningRate = 1e-6 }, Reference = true,
        };
        var memory = StageMemory.Of(Seven, demand, 94)!;
        memory.Phase.ShouldBe("training");
        memory.Roles["weights"].ShouldBe(28e9);
        memory.Roles["gradients"].ShouldBe(28e9);
        memory.Roles["optimizer moments"].ShouldBe(56e9);
        memory.Roles["reference"].ShouldBe(28e9);
        memory.Roles["activations"].ShouldBe(4 * 1000 * 10 * 70_000.0);
        memory.Roles["logits"].ShouldBe(3 * 4 * (1 << 24));
        memory.Roles.ShouldNotContainKey("16-bit copies of the weights");
        memory.DeviceBytes.ShouldBe(94e9 * 0.95);
        memory.MissingBytes!.Value.ShouldBe(memory.Bytes - (94e9 * 0.95));
        memory.Remedies.ShouldBe(["optimizer.lora", "optimizer.lora with optimizer.precision: bfloat16 and optimizer.recompute: true"]);

        StageMemory.Of(Seven, demand, 160)!.MissingBytes.ShouldBeNull();
        StageMemory.Of(Seven, demand, null)!.MissingBytes.ShouldBeNull();
        StageMemory.Of(Seven with { Shape = null }, demand, 94).ShouldBeNull();
    }

    [Fact]
    public void Memory_OfAnAdapterInBfloat16_IsLittleMoreThanTheModel()
    {
        var training = new OptimizerRecipe
        {
            LearningRate = 1e-6, Precision = TrainingPrecision.Bfloat16, Recompute = true, Lora = new() { Rank = 10 },
        };
        var memory = StageMemory.Of(Seven, new() { PassTokens = 1000, Training = training }, 48)!;
        // Per layer and rank: 2·(3 + 3) + 2·3 + 0.5 + 3·(3 + 10) thousand.
        memory.Roles["gradients"].ShouldBe(4 * 10 * 10 * 57_500.0);
        memory.Roles["16-bit copies of the weights"].ShouldBe(2 * 7e9 / 10);
        memory.Roles["activations"].ShouldBe(2 * 1000 * ((10 * 3000.0) + 70_000));
        memory.MissingBytes.ShouldBeNull();
    }

    [Fact]
    public void Memory_OfSampling_IsTheCacheBesideWhatIsThere()
    {
        var memory = StageMemory.Of(Seven, new() { CachedTokens = MemoryDemand.Cache(512, 4096), RewardModels = 3 }, 40)!;
        memory.Phase.ShouldBe("sampling");
        memory.Roles["cache"].ShouldBe(256.0 * 4096 * 10 * 500 * 4);
        memory.Roles["reward models"].ShouldBe(2 * 28e9, "a worker keeps two");
        memory.Remedies.ShouldBeEmpty("nothing is trained here");
    }
}
