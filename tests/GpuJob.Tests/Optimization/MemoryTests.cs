using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Optimization;

/// <summary>Measures the process, so nothing else may run in it meanwhile.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryCollection;

[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public void Update_ThousandSteps_MemoryStays()
    {
        using var model = TestModels.Create(TestModels.Config());
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var random = new Random(1);
        MemoryStays(() => Step(model, optimizer, random));
    }

    [Fact]
    public void Update_MastersInHostMemory_MemoryStays()
    {
        using var model = CausalLm.Create(TestModels.Config(), new Placement(CPU, ScalarType.BFloat16, HostMasters: true), seed: 1);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var random = new Random(1);
        MemoryStays(() => Step(model, optimizer, random), steps: 60); // a CPU is slow in 16 bits
    }

    [Fact]
    public void LinearProduct_ThousandSteps_MemoryStays()
    {
        using var scope = NewDisposeScope();
        Tensor weight = randn([48, 32], requires_grad: true), bias = randn([48], requires_grad: true);
        var random = new Random(1);
        MemoryStays(() =>
        {
            using var _ = NewDisposeScope();
            LinearProduct.ByOneDnn(randn([1 + random.Next(300), 32], requires_grad: true), weight, bias).sum().backward();
        });
    }

    private static void MemoryStays(Action run, int steps = 300)
    {
        for (var step = 0; step < steps + 100; step++) run();
        var tensors = Live();
        // A leak grows in every window; caches and tiered code, which come late on some machines, in some of them.
        var growth = new List<long>();
        for (var window = 0; window < 4; window++)
        {
            var resident = Resident();
            for (var step = 0; step < steps; step++)
            {
                run();
                if (step % (steps / 3) == 0) GC.Collect(); // what counts is native memory, not how far the collector lets its heap grow
            }
            growth.Add(Resident() - resident);
        }
        Live().ShouldBe(tensors);
        growth.Min().ShouldBeLessThan(1L << 20, string.Join(", ", growth));

        static long Live()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        static long Resident()
        {
            GC.Collect(2, GCCollectionMode.Aggressive);
            return Environment.WorkingSet - GC.GetGCMemoryInfo().TotalCommittedBytes; // other tests' garbage lets the heap grow
        }
    }

    private static void Step(CausalLm model, AdamW optimizer, Random random)
    {
        using var scope = NewDisposeScope();
        var sequences = Enumerable.Range(0, 8)
            .Select(_ => new TokenSequence([.. Enumerable.Range(0, 4 + random.Next(12)).Select(_ => random.Next(29))], 2)).ToArray();
        using var batch = TokenBatch.Create(sequences, CPU);
        using var sums = new MetricSums();
        var scores = model.TokenLogProbs(batch, chunk: 16);
        var result = PolicyLosses.Compute(
            new PolicyLossOptions { Name = "grpo", KlWeight = 0.1 },
            new PolicyLossInput
            {
                LogProbs = scores.LogProbs,
                OldLogProbs = scores.LogProbs.detach() + 0.1,
                ReferenceLogProbs = scores.LogProbs.detach() - 0.1,
                Entropy = scores.Entropy,
                Advantages = randn(batch.Rows),
                Mask = batch.Mask,
                TotalRows = batch.Rows,
                TotalTokens = batch.Tokens,
            });
        result.Loss.backward();
        sums.Add(result.Metrics);
        sums.Add("grad_norm", optimizer.ClipGradients(1));
        optimizer.Step(1e-4);
        optimizer.ZeroGradients();
        sums.Read()["grad_norm"].ShouldBeGreaterThan(0);
    }
}
