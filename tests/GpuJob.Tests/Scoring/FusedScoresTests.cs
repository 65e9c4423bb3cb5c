using System.Security.Cryptography;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Models.Fused;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.GpuJob.Tests.Models;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Scoring;

/// <summary>The hand-written passes against automatic differentiation, and against themselves.</summary>
public sealed class FusedScoresTests
{
    // Positions whose logits autograd's path has at once: naming any asks for that path.
    private const int Chunk = 1000;

    private static readonly SamplingRecipe Plain = new();

    public static TheoryData<string, int, string> Shapes =>
    [
        .. from architecture in new[] { "llama", "qwen2", "qwen3" }
           from seed in Enumerable.Range(1, 8)
           from kernel in SimdKernels.Supported
           select new TheoryDataRow<string, int, string>(architecture, seed, kernel.ToString()),
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Score_RandomShapes_IsAutogradsWithItsGradients(string architecture, int seed, string kernel)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(RandomShapes.Config(architecture, seed), CPU, (ulong)seed);
        FusedShape.Covers(model).ShouldBeTrue();
        using var batch = Batch(model.Config, seed, slack: seed % 3 * 50);
        var sampling = new SamplingRecipe { Temperature = seed % 2 == 0 ? 1 : 0.7 };

        var expected = model.TokenLogProbs(batch, sampling, Chunk);
        var expectedGradients = Gradients(model, expected.LogProbs, batch);
        var scores = FusedScores.Score(model, batch, sampling, threads: 2, Enum.Parse<SimdKernel>(kernel));
        var gradients = Gradients(model, batch.Lay(scores.LogProbs), batch);

        Deviation(batch.Lay(scores.LogProbs), expected.LogProbs).ShouldBeLessThan(2e-5);
        Deviation(batch.Lay(scores.Entropy), expected.Entropy).ShouldBeLessThan(2e-5);
        foreach (var (name, gradient) in gradients)
            Deviation(gradient, expectedGradients[name]).ShouldBeLessThan(1e-4, name);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Score_AVocabularyOfSeveralChunks_IsAutogradsWithItsGradients(int seed)
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config(vocabulary: (2 * FusedModel.VocabularyChunk) + 37, tied: seed == 1, bias: true);
        using var model = TestModels.Create(config);
        model.LeaveOut([3, 1500, config.VocabularySize - 1]);
        using var batch = Batch(config, seed, without: model.Unused);

        var expected = model.TokenLogProbs(batch, Plain, Chunk);
        var expectedGradients = Gradients(model, expected.LogProbs, batch);
        var scores = model.TokenLogProbs(batch, Plain);
        var gradients = Gradients(model, scores.LogProbs, batch);

        Deviation(scores.LogProbs, expected.LogProbs).ShouldBeLessThan(2e-5);
        Deviation(scores.Entropy, expected.Entropy).ShouldBeLessThan(2e-5);
        foreach (var (name, gradient) in gradients) Deviation(gradient, expectedGradients[name]).ShouldBeLessThan(1e-4, name);
    }

    [Fact]
    public void Score_WithoutGradients_HasTheSameBits()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config(bias: true));
        using var batch = Batch(model.Config, 5);
        var expected = FusedScores.Score(model, batch, Plain);
        using var _ = no_grad();
        var scores = FusedScores.Score(model, batch, Plain);
        Bits(scores.LogProbs).ShouldBe(Bits(expected.LogProbs));
        Bits(scores.Entropy).ShouldBe(Bits(expected.Entropy));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Score_OneTwoOrFourThreads_HasTheSameBits(string architecture, int seed, string kernel)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(RandomShapes.Config(architecture, seed), CPU, (ulong)seed);
        using var batch = Batch(model.Config, seed);
        string Run(int threads)
        {
            var scores = FusedScores.Score(model, batch, Plain, threads, Enum.Parse<SimdKernel>(kernel));
            var gradients = Gradients(model, batch.Lay(scores.LogProbs), batch);
            return Bits([scores.LogProbs, scores.Entropy, .. gradients.Values]);
        }

        var bits = Run(1);
        Run(2).ShouldBe(bits);
        Run(4).ShouldBe(bits);
    }

    [Fact]
    public void Score_TwoPassesBeforeTheirGradients_KeepApart()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config());
        using TokenBatch one = Batch(model.Config, 1), two = Batch(model.Config, 2);
        Tensor Loss(TokenBatch batch) => model.TokenLogProbs(batch, Plain).LogProbs.sum();
        Dictionary<string, Tensor> Of(params Tensor[] losses)
        {
            foreach (var loss in losses) loss.backward();
            return Take(model);
        }

        var apart = Of(Loss(one)).Zip(Of(Loss(two)), (a, b) => (a.Key, Sum: a.Value + b.Value)).ToDictionary(x => x.Key, x => x.Sum);
        Tensor first = Loss(one), second = Loss(two);
        var together = Of(first, second);
        foreach (var (name, gradient) in together) Deviation(gradient, apart[name]).ShouldBeLessThan(1e-6, name);
    }

    [Fact]
    public void Score_AFrozenParameter_GetsNoGradient()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config());
        model.HeadWeight.requires_grad_(false);
        using var batch = Batch(model.Config, 1);
        model.TokenLogProbs(batch, Plain).LogProbs.sum().backward();
        model.HeadWeight.grad.ShouldBeNull();
        model.Parameters[^1].parameter.grad.ShouldNotBeNull();
    }

    [Fact]
    public void Score_WeightsHaveChanged_IsThatOfTheNewOnes()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = TestModels.Create(TestModels.Config());
        using var batch = Batch(model.Config, 1);
        model.TokenLogProbs(batch, Plain);
        foreach (var (_, parameter) in model.Parameters) parameter.mul_(1.25);
        Deviation(model.TokenLogProbs(batch, Plain).LogProbs, model.TokenLogProbs(batch, Plain, Chunk).LogProbs).ShouldBeLessThan(2e-5);
    }

    [Theory]
    [InlineData("an adapter", false)]
    [InlineData("bfloat16", false)]
    [InlineData("recomputation", false)]
    [InlineData("nothing", true)]
    public void Cover_WhatTheKernelsDoNotDo_IsLeftToAutograd(string setting, bool isCovered)
    {
        Assert.SkipWhen(SimdKernels.Supported[0] == SimdKernel.Portable, "This processor has no kernels that are worth it.");
        using var model = TestModels.Create(TestModels.Config());
        if (setting == "an adapter") LoraAdapter.Attach(model, new LoraConfig { Rank = 2, Alpha = 4, Targets = ["q_proj"] }, 1);
        if (setting == "bfloat16") model.ComputeType = ScalarType.BFloat16;
        model.Recompute = setting == "recomputation";
        FusedScores.Cover(model, Plain).ShouldBe(isCovered);
        FusedScores.Cover(model, Plain with { TopK = 3 }).ShouldBeFalse();
        FusedScores.Cover(model, Plain with { TopP = 0.9 }).ShouldBeFalse();
        FusedScores.Cover(model, Plain with { MinP = 0.1 }).ShouldBeFalse();
    }

    // Sequences of all kinds: short, across blocks of queries and tiles of rows, scored from the first token on or the last alone.
    private static TokenBatch Batch(ModelConfig config, int seed, int slack = 0, IReadOnlyList<int>? without = null)
    {
        var random = new Random(seed);
        int Draw()
        {
            int id;
            do id = random.Next(config.VocabularySize);
            while (without?.Contains(id) == true);
            return id;
        }

        int[] lengths = [2, 3, 90, 33, 34, 17, 17, 9, 65];
        return TokenBatch.Create([.. lengths.Select((length, i) => new TokenSequence([.. Enumerable.Range(0, length).Select(_ => Draw())],
            i == 3 ? length - 1 : random.Next(1, length)))], CPU, slack);
    }

    // By a gradient of its own for each token.
    private static Dictionary<string, Tensor> Gradients(CausalLm model, Tensor logProbs, TokenBatch batch)
    {
        var weights = arange(batch.Mask.numel(), dtype: ScalarType.Float32).view(batch.Mask.shape).sin();
        (logProbs * weights * batch.Mask).sum().backward();
        return Take(model);
    }

    private static Dictionary<string, Tensor> Take(CausalLm model)
    {
        var gradients = model.Parameters.ToDictionary(item => item.name, item => item.parameter.grad!.clone());
        foreach (var (_, parameter) in model.Parameters) parameter.grad = null;
        return gradients;
    }

    // The largest difference in units of the largest number, or of 1 where that is smaller and the tensor is of scores.
    private static double Deviation(Tensor actual, Tensor expected)
    {
        var unit = Math.Max(expected.abs().max().item<float>(), 1e-3f);
        return (actual - expected).abs().max().item<float>() / unit;
    }

    private static string Bits(params Tensor[] tensors) =>
        Convert.ToHexString(SHA256.HashData([.. tensors.SelectMany(tensor => tensor.contiguous().bytes.ToArray())]));
}
