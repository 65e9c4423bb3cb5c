using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Tests.Memory;

/// <summary>What a stage needs of a device's memory, counted by hand.</summary>
public class MemoryNeedTests
{
    private static readonly DecoderSize Seven = new(7e9, 10, 3000, 3000, 10_000, 500, 100_000);

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
        var memory = MemoryNeed.Of(Seven, demand, 94e9)!;
        memory.Phase.ShouldBe("training");
        memory.Roles["weights"].ShouldBe(28e9);
        memory.Roles["gradients"].ShouldBe(28e9);
        memory.Roles["optimizer moments"].ShouldBe(56e9);
        memory.Roles["reference"].ShouldBe(28e9);
        memory.Roles["activations"].ShouldBe(4 * 1000 * 10 * 70_000.0);
        memory.Roles["logits"].ShouldBe(3 * 4 * 1000.0 * 100_000);
        memory.Roles.ShouldNotContainKey("16-bit copies of the weights");
        memory.DeviceBytes.ShouldBe(94e9 * 0.95);
        memory.MissingBytes!.Value.ShouldBe(memory.Bytes - (94e9 * 0.95));
        memory.HostBytes.ShouldBe(0);
        memory.Remedies.ShouldBe(
        [
            "optimizer.state: host", "optimizer.state: host with optimizer.precision: bfloat16 and optimizer.recompute: true",
            "optimizer.lora", "optimizer.lora with optimizer.precision: bfloat16 and optimizer.recompute: true",
        ]);

        MemoryNeed.Of(Seven, demand, 160e9)!.MissingBytes.ShouldBeNull();
        MemoryNeed.Of(Seven, demand, null)!.MissingBytes.ShouldBeNull();
    }

    /// <summary>Six bytes a parameter on the device, twelve of the machine's own; without moments while it samples, too.</summary>
    [Fact]
    public void Memory_OfAStateInHostMemory_IsWeightsAndGradientsAlone()
    {
        var training = new OptimizerRecipe
        {
            LearningRate = 1e-6, Precision = TrainingPrecision.Bfloat16, Recompute = true, State = OptimizerStatePlace.Host,
        };
        var memory = MemoryNeed.Of(Seven, new() { PassTokens = 1000, Training = training }, 48e9)!;
        memory.Roles.Keys.ShouldBe(["weights", "gradients", "activations", "logits"]);
        (memory.Roles["weights"], memory.Roles["gradients"], memory.HostBytes).ShouldBe((2 * 7e9, 4 * 7e9, 12 * 7e9));
        memory.MissingBytes.ShouldBeNull();

        var sampling = MemoryNeed.Of(Seven, new() { CachedTokens = 1e6, Training = training }, 48e9)!;
        sampling.Roles.Keys.ShouldBe(["weights", "cache"]);
        sampling.HostBytes.ShouldBe(12 * 7e9);

        var inFull = training with { Precision = TrainingPrecision.Float32 };
        var roles = MemoryNeed.Of(Seven, new() { PassTokens = 1000, Training = inFull }, 48e9)!.Roles;
        (roles["weights"], roles["gradients"]).ShouldBe((4 * 7e9, 4 * 7e9));
    }

    [Fact]
    public void Memory_OfAnAdapterInBfloat16_IsLittleMoreThanTheModel()
    {
        var training = new OptimizerRecipe
        {
            LearningRate = 1e-6, Precision = TrainingPrecision.Bfloat16, Recompute = true, Lora = new() { Rank = 10 },
        };
        var memory = MemoryNeed.Of(Seven, new() { PassTokens = 1000, Training = training }, 48e9)!;
        // Per layer and rank: 2·(3 + 3) + 2·3 + 0.5 + 3·(3 + 10) thousand.
        memory.Roles["gradients"].ShouldBe(4 * 10 * 10 * 57_500.0);
        memory.Roles["weights"].ShouldBe(2 * 7e9, "what is not trained is kept as it is computed with");
        memory.Roles.ShouldNotContainKey("16-bit copies of the weights");
        memory.Roles["activations"].ShouldBe(2 * 1000 * ((10 * 3000.0) + 70_000));
        memory.MissingBytes.ShouldBeNull();
    }

    [Fact]
    public void Memory_OfTrainingInBfloat16_HasFloat32OfTheTrainedModelAlone()
    {
        var training = new OptimizerRecipe { LearningRate = 1e-6, Precision = TrainingPrecision.Bfloat16, Recompute = true };
        var roles = MemoryNeed.Of(Seven, new() { PassTokens = 1000, Training = training, Reference = true }, 200e9)!.Roles;
        (roles["weights"], roles["16-bit copies of the weights"], roles["reference"]).ShouldBe((4 * 7e9, 2 * 7e9 / 10, 2 * 7e9));
        var sampling = MemoryNeed.Of(Seven, new() { CachedTokens = 1, Training = training }, 200e9)!.Roles;
        (sampling["weights"], sampling["16-bit copies of the weights"]).ShouldBe((4 * 7e9, 2 * 7e9));
        MemoryNeed.Of(Seven, new() { CachedTokens = 1, Precision = TrainingPrecision.Bfloat16 }, 200e9)!.Roles["weights"].ShouldBe(2 * 7e9);
    }

    [Fact]
    public void Memory_OfSampling_IsTheCacheBesideWhatIsThere()
    {
        var demand = new MemoryDemand { CachedTokens = MemoryDemand.Cache(512, 4096), LeastCachedTokens = 4096, RewardModels = 3 };
        var memory = MemoryNeed.Of(Seven, demand, null)!;
        memory.Phase.ShouldBe("sampling");
        memory.Roles["cache"].ShouldBe(256.0 * 4096 * 10 * 500 * 4);
        memory.Roles["reward models"].ShouldBe(2 * 28e9, "a worker keeps two");

        // 84 of models, and 21 if all rows are decoded at once: fewer are where there is less.
        MemoryNeed.Of(Seven, demand, 100e9)!.Roles["cache"].ShouldBe(95e9 - 84e9, 1);
        MemoryNeed.Of(Seven, demand, 100e9)!.MissingBytes.ShouldBeNull();
        var full = MemoryNeed.Of(Seven, demand, 40e9)!;
        full.Roles["cache"].ShouldBe(4096.0 * 10 * 500 * 4, 1, "the longest row");
        full.MissingBytes!.Value.ShouldBe(84e9 + (4096.0 * 10 * 500 * 4) - 38e9, 1);
        full.Remedies.ShouldBeEmpty("nothing is trained here");
    }
}
