using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.GpuJob.Tests.Models;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Optimization;

/// <summary>Weights with their masters in host memory, against the same with their masters where they are computed.</summary>
public sealed class HostStepsTests
{
    private static readonly OptimizerRecipe Recipe = new() { LearningRate = 1e-2, WeightDecay = 0.1 };

    public static TheoryData<string, bool, bool> Kinds
    {
        get
        {
            var kinds = new TheoryData<string, bool, bool>();
            foreach (var name in EquivalenceTests.Configs.Keys)
            {
                kinds.Add(name, false, false);
                kinds.Add(name, true, false);
                kinds.Add(name, true, true);
            }
            return kinds;
        }
    }

    /// <summary>Several steps of two passes each, so that gradients add up; ids occur more than once.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Step_MastersInHostMemory_GivesTheBitsOfMastersOnTheDevice(string name, bool bfloat16, bool recompute)
    {
        var (type, config) = (bfloat16 ? ScalarType.BFloat16 : ScalarType.Float32, EquivalenceTests.Configs[name]);
        using var device = CausalLm.Create(config, CPU, seed: 1);
        using var host = CausalLm.Create(config, new Placement(CPU, type, HostMasters: true), seed: 1);
        using AdamW deviceOptimizer = new(device.Trainable, Recipe), hostOptimizer = new(host.Trainable, Recipe);
        (device.ComputeType, device.Recompute, host.Recompute) = (type, recompute, recompute);
        for (var step = 0; step < 3; step++)
        {
            using var scope = NewDisposeScope();
            var norm = Step(device, deviceOptimizer, step);
            ((double)norm).ShouldBeGreaterThan(Recipe.ClipNorm, "or nothing would be clipped");
            Step(host, hostOptimizer, step).ShouldBe(norm);
        }
        Same(device.Weights, host.Weights);
        Same(deviceOptimizer.ExportState(), hostOptimizer.ExportState());
        StepEffects.DigestOf(host.Trainable).ShouldBe(StepEffects.DigestOf(device.Trainable));
    }

    [Fact]
    public void Model_MastersInHostMemory_HasNoFloat32OfThemOnTheDevice()
    {
        using var model = CausalLm.Create(EquivalenceTests.Configs["softmax-experts"],
            new Placement(CPU, ScalarType.BFloat16, HostMasters: true), seed: 1);
        foreach (var (name, parameter) in model.Parameters)
        {
            var weight = parameter.ShouldBeOfType<ModelWeight>();
            weight.Master!.dtype.ShouldBe(ScalarType.Float32);
            weight.dtype.ShouldBe(ScalarType.Float32, "its gradient is");
            if (name.EndsWith("mlp.gate.weight", StringComparison.Ordinal)) weight.Lowered.ShouldBeNull("routers choose in float32");
            else (weight.Lowered!.dtype, weight.isnan().all().item<bool>(), weight.stride().All(step => step == 0))
                .ShouldBe((ScalarType.BFloat16, true, true), name);
        }
        Should.Throw<InvalidOperationException>(() => model.ComputeType = ScalarType.Float32);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Take_InPortionsWithCopies_GivesTheSameBits(long portion)
    {
        var config = EquivalenceTests.Configs["odd"];
        using var whole = CausalLm.Create(config, new Placement(CPU, ScalarType.BFloat16, HostMasters: true), seed: 1);
        using var cut = CausalLm.Create(config, new Placement(CPU, ScalarType.BFloat16, HostMasters: true), seed: 1);
        using HostSteps all = new([CPU]), portions = new([CPU], portion, copies: true);
        using var scope = NewDisposeScope();
        var taken = new List<long>();
        for (var step = 0; step < 2; step++)
        {
            all.Take(Items(whole, step), Descend);
            portions.Take(Items(cut, step), part =>
            {
                taken.Add(part.Weights.Sum(weight => weight.numel()));
                Descend(part);
            });
        }
        Same(whole.Weights, cut.Weights);
        foreach (var (a, b) in whole.Parameters.Zip(cut.Parameters))
            Lowered(a.parameter).bytes.SequenceEqual(Lowered(b.parameter).bytes).ShouldBeTrue(a.name);
        taken.Sum().ShouldBe(2 * cut.Parameters.Sum(item => item.parameter.numel()));
        taken.ShouldAllBe(numbers => numbers <= portion);

        static Tensor Lowered(TorchSharp.Modules.Parameter parameter) => ((ModelWeight)parameter).Lowered!;
    }

    [Fact]
    public void Cut_Sizes_FillsEachPortion()
    {
        HostSteps.Cut([5, 0, 3, 9], 6).Select(pieces => pieces.ToArray()).ShouldBe(
        [
            [(0, 0, 5), (2, 0, 1)], [(2, 1, 2), (3, 0, 4)], [(3, 4, 5)],
        ]);
        HostSteps.Cut([6, 6], 6).Select(pieces => pieces.Count).ShouldBe([1, 1]);
    }

    private static List<HostStepped> Items(CausalLm model, int step)
    {
        using var generator = new Generator((ulong)step);
        return [.. model.Parameters.Select(item => new HostStepped((ModelWeight)item.parameter,
            randn(item.parameter.shape, dtype: ScalarType.Float32, generator: generator), zeros(item.parameter.shape),
            zeros(item.parameter.shape)))];
    }

    // Each portion's numbers are its own: a gradient that is another's would show.
    private static void Descend(SteppedTensors all)
    {
        using var _ = no_grad();
        foreach (var (weight, gradient) in all.Weights.Zip(all.Gradients)) weight.add_(gradient * 0.01f, alpha: 1);
    }

    private static void Same(IEnumerable<(string Name, Tensor Tensor)> expected, IEnumerable<(string Name, Tensor Tensor)> actual)
    {
        foreach (var ((name, a), (_, b)) in expected.Zip(actual, (a, b) => (a, b)))
            a.bytes.SequenceEqual(b.bytes).ShouldBeTrue(name);
    }

    private static float Step(CausalLm model, AdamW optimizer, int step)
    {
        foreach (var rows in (TokenSequence[][])[[new([1, 2, 3, step, 5], 1), new([7, step + 1, 9], 2)], [new([4, 2, 2, 6], 1)]])
        {
            using var batch = TokenBatch.Create(rows, CPU);
            (-model.TokenLogProbs(batch, chunk: 3).LogProbs.sum() * 5).backward();
        }
        var norm = optimizer.ClipGradients(Recipe.ClipNorm).item<float>();
        optimizer.Step(1e-2);
        optimizer.ZeroGradients();
        return norm;
    }
}
