using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Testing;
using System.Runtime.Intrinsics;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

public sealed class SamplingTests
{
    [Fact]
    public void Dropped_Oracles_LeavesTheirProbabilities()
    {
        using var scope = NewDisposeScope();
        foreach (var (sampling, logits, expected) in Cases())
        {
            var scaled = tensor(logits, [1, logits.Length]) / sampling.Temperature;
            if (TorchSampling.Dropped(scaled, sampling) is { } dropped) scaled = scaled.masked_fill(dropped, float.NegativeInfinity);
            (scaled.softmax(-1).flatten() - tensor(expected)).abs().max().item<float>().ShouldBeLessThan(2e-6f, sampling.ToString());
        }
    }

    [Fact]
    public void Draw_Oracles_DrawsWithTheirProbabilities()
    {
        foreach (var (sampling, logits, expected) in Cases())
        {
            using var portable = new TokenSampler<Vector128<float>, PortableLanes>(logits.Length, sampling);
            Check(portable.DrawFrom, logits, expected, sampling);
            if (SimdKernels.Supported.Contains(SimdKernel.Avx512))
            {
                using var wide = new TokenSampler<Vector512<float>, Avx512Lanes>(logits.Length, sampling);
                Check(wide.DrawFrom, logits, expected, sampling);
            }
        }

        // The middle of each token's share of [0, 1) must give that token, with the log of the share.
        static void Check(Func<float[], double, DrawnToken> draw, float[] logits, float[] expected, SamplingRecipe sampling)
        {
            double cumulative = 0;
            for (var token = 0; token < expected.Length; token++)
            {
                if (expected[token] > 1e-5)
                {
                    var drawn = draw(logits, cumulative + (expected[token] / 2));
                    drawn.Token.ShouldBe(token, sampling.ToString());
                    drawn.LogProb.ShouldBe(MathF.Log(expected[token]), 1e-3f);
                }
                cumulative += expected[token];
            }
        }
    }

    [Fact]
    public void Uniform_ManyDraws_IsEvenAndRepeatable()
    {
        var draws = Enumerable.Range(0, 20000).Select(i => SamplingNoise.Uniform((ulong)(i / 100), i % 100)).ToArray();
        draws.ShouldAllBe(u => u >= 0 && u < 1);
        draws.Average().ShouldBe(0.5, 0.01);
        draws.Chunk(2).Average(pair => (pair[0] - 0.5) * (pair[1] - 0.5)).ShouldBe(0, 0.005);
        draws.Distinct().Count().ShouldBeGreaterThan(19990);
        SamplingNoise.Uniform(7, 3).ShouldBe(SamplingNoise.Uniform(7, 3));
    }

    private static IEnumerable<(SamplingRecipe Sampling, float[] Logits, float[] Expected)> Cases()
    {
        foreach (var oracle in Oracles.Cases("sampling"))
        {
            var sampling = new SamplingRecipe
            {
                Temperature = oracle.GetProperty("temperature").GetDouble(),
                TopK = oracle.GetProperty("top_k").GetInt32(),
                TopP = oracle.GetProperty("top_p").GetDouble(),
                MinP = oracle.GetProperty("min_p").GetDouble(),
            };
            foreach (var (logits, expected) in oracle.GetProperty("logits").EnumerateArray()
                .Zip(oracle.GetProperty("probabilities").EnumerateArray()))
            {
                yield return (sampling, logits.Floats(), expected.Floats());
            }
        }
    }
}

internal static class TokenSamplerExtensions
{
    public static unsafe DrawnToken DrawFrom<TVector, TLanes>(this TokenSampler<TVector, TLanes> sampler, float[] logits, double noise)
        where TVector : struct
        where TLanes : struct, ILanes<TVector>
    {
        fixed (float* pointer = logits) return sampler.Draw(pointer, noise);
    }
}
