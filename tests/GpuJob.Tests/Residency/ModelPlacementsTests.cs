using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.GpuJob.Tests.Models;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Residency;

/// <summary>Under bfloat16 nobody has float32 weights but who is trained.</summary>
public sealed class ModelPlacementsTests
{
    private const TrainingPrecision Half = TrainingPrecision.Bfloat16, Full = TrainingPrecision.Float32;

    public static TheoryData<string> Names => EquivalenceTests.Names;

    [Fact]
    public void Placements_OfEachRole_AreFloat32OfTheTrainedAlone()
    {
        var gpu = new ModelPlacements([new Device(DeviceType.CUDA, 0)]);
        var recipe = new OptimizerRecipe { LearningRate = 1, Precision = Half };
        (gpu.Sampling(Half).Type, gpu.Frozen(Half).Type, gpu.Base(Half, stays: true).Type)
            .ShouldBe((ScalarType.BFloat16, ScalarType.BFloat16, ScalarType.BFloat16));
        (gpu.Sampling(Full).Type, gpu.Frozen(Full).Type, gpu.Base(Half, stays: false).Type, gpu.Trained(recipe).Type)
            .ShouldBe((ScalarType.Float32, ScalarType.Float32, ScalarType.Float32, ScalarType.Float32));
        var host = gpu.Trained(recipe with { State = OptimizerStatePlace.Host });
        (host.Type, host.HostMasters).ShouldBe((ScalarType.BFloat16, true));

        var cpu = new ModelPlacements([CPU]);
        (cpu.Sampling(Half).Type, cpu.Base(Half, stays: true).Type).ShouldBe((ScalarType.Float32, ScalarType.Float32),
            "the CPU's own decoder computes in float32");
        cpu.Frozen(Half).Type.ShouldBe(ScalarType.BFloat16);
    }

    /// <summary>What is read in 16 bits computes as what is cast at each use, bit for bit.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Forward_WeightsKeptInBfloat16_HasTheBitsOfCastOnes(string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var cast = CausalLm.Create(EquivalenceTests.Configs[name], CPU, seed: 1);
        using var kept = CausalLm.Create(EquivalenceTests.Configs[name], new Placement(CPU, ScalarType.BFloat16), seed: 1);
        cast.ComputeType = ScalarType.BFloat16;
        var ids = tensor(new long[] { 1, 2, 3, 2, 5, 7, 1 }, [1, 7]);
        var expected = cast.forward(ids);
        expected.bytes.SequenceEqual(kept.forward(ids).bytes).ShouldBeTrue();
        using (cast.KeepLowered()) expected.bytes.SequenceEqual(cast.forward(ids).bytes).ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => kept.ComputeType = ScalarType.Float32);
    }

    /// <summary>A step reads every weight as it is kept.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Generate_Float32MastersInBfloat16_CastsNoWeightAtAStep(string name)
    {
        using var model = CausalLm.Create(EquivalenceTests.Configs[name], CPU, seed: 1);
        LoraAdapter.Attach(model, new LoraConfig { Rank = 2, Alpha = 4, Targets = ["all-linear"] }, seed: 2);
        model.ComputeType = ScalarType.BFloat16;
        using var generator = new TorchGenerator(model);
        var steps = 0;
        generator.Generate([new GenerationRequest([1, 2], [7], [])], new SamplingRecipe { MaxNewTokens = 3 }, drawn: (_, _, _) =>
        {
            steps++;
            using var _ = no_grad();
            foreach (var weight in Weights()) ReferenceEquals(weight.As(TypeOf(weight)), weight.As(TypeOf(weight))).ShouldBeTrue();
        });
        steps.ShouldBe(3);
        Weights().Count(weight => weight.Lowered is not null).ShouldBe(0, "they are kept while it samples alone");

        IEnumerable<ModelWeight> Weights() =>
            model.Parameters.Select(item => item.parameter).Concat(model.Trainable.Select(item => item.Tensor)).Cast<ModelWeight>();

        // Routers, and norms whose scale is 1 + w, read float32.
        ScalarType TypeOf(ModelWeight weight) => weight.IsExact ? ScalarType.Float32 : ScalarType.BFloat16;
    }

    [Fact]
    public async Task ReferenceAsync_Bfloat16_KeepsNoFloat32()
    {
        using var jobs = new JobRunner();
        await jobs.PretrainAsync();
        var reference = await jobs.AskAsync((models, context) => models.ReferenceAsync("base/", context, Half));
        reference.Model.Parameters.ShouldAllBe(item => item.parameter.dtype == ScalarType.BFloat16);
        var whole = await jobs.AskAsync((models, context) => models.ReferenceAsync("base/", context, Full));
        whole.Model.Parameters.ShouldAllBe(item => item.parameter.dtype == ScalarType.Float32);
    }
}
