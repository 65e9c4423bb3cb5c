using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Optimization;

public sealed class AdamWTests : IDisposable
{
    private static readonly OptimizerRecipe Recipe = new() { LearningRate = 1e-2, WeightDecay = 0.1 };
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Load_SavedState_ResumesBitwise()
    {
        using var straight = TestModels.Create(TestModels.Config(bias: true));
        using var straightOptimizer = new AdamW(straight.Trainable, Recipe);
        for (var step = 0; step < 6; step++) Step(straight, straightOptimizer, step);

        using (var first = TestModels.Create(TestModels.Config(bias: true)))
        using (var optimizer = new AdamW(first.Trainable, Recipe))
        {
            for (var step = 0; step < 3; step++) Step(first, optimizer, step);
            first.Save(folder);
            optimizer.Save(Path.Combine(folder, "optimizer.safetensors"));
        }
        using var resumed = CausalLm.Load(folder, CPU);
        using var resumedOptimizer = new AdamW(resumed.Trainable, Recipe);
        resumedOptimizer.Load(Path.Combine(folder, "optimizer.safetensors"));
        resumedOptimizer.Steps.ShouldBe(3);
        for (var step = 3; step < 6; step++) Step(resumed, resumedOptimizer, step);
        foreach (var ((name, a), (_, b)) in straight.Weights.Zip(resumed.Weights)) a.bytes.SequenceEqual(b.bytes).ShouldBeTrue(name);
    }

    [Fact]
    public void Load_StateOfAnotherModel_IsRefused()
    {
        using var model = TestModels.Create(TestModels.Config());
        using var other = TestModels.Create(TestModels.Config(hidden: 16));
        using var optimizer = new AdamW(model.Trainable, Recipe);
        using var otherOptimizer = new AdamW(other.Trainable, Recipe);
        otherOptimizer.Save(Path.Combine(folder, "o.safetensors"));
        Should.Throw<WeightsFormatException>(() => optimizer.Load(Path.Combine(folder, "o.safetensors"))).Tensor.ShouldNotBeNull()
            .ShouldStartWith("exp_avg.");
    }

    [Fact]
    public void ClipGradients_LargeGradients_ScalesToTheLimit()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config());
        using var optimizer = new AdamW(model.Trainable, Recipe);
        model.forward(ones([1, 4], dtype: ScalarType.Int64)).pow(2).sum().backward();
        var before = optimizer.ClipGradients(0).item<float>();
        before.ShouldBeGreaterThan(0.5f);
        optimizer.ClipGradients(0.5).item<float>().ShouldBe(before);
        optimizer.ClipGradients(0).item<float>().ShouldBe(0.5f, 1e-4f);
    }

    private static void Step(CausalLm model, AdamW optimizer, int step)
    {
        using var scope = NewDisposeScope();
        using var batch = TokenBatch.Create([new([1, 2, 3, step, 5], 1), new([7, step + 1, 9], 2)], CPU);
        (-model.TokenLogProbs(batch).LogProbs.sum()).backward();
        optimizer.ClipGradients(1);
        optimizer.Step(1e-2);
        optimizer.ZeroGradients();
    }
}
