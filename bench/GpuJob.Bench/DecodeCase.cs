using System.Diagnostics;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Bench;

/// <summary>
/// Decoding: new tokens a second of the SIMD decoder, of the torch generator, and of plain eager libtorch with a concatenated cache.
/// </summary>
internal static class DecodeCase
{
    public static object Run(ModelConfig config, int threads, int batch)
    {
        var newTokens = Math.Min(128, config.MaxPositions - 8);
        using var model = CausalLm.Create(config, CPU, 1);
        var requests = Enumerable.Range(0, batch).Select(i => new GenerationRequest([1, 2, 3, 4, 5, 6, 7, 8], [(ulong)i], [])).ToArray();
        var sampling = new SamplingRecipe { MaxNewTokens = newTokens };
        double tokens = (double)batch * newTokens;

        var kernels = SimdKernels.Supported.ToDictionary(kernel => kernel.ToString(), kernel =>
        {
            using var decoder = new SimdDecoder(model, threads, kernel);
            return Math.Round(tokens / Gemm.Median(3, () => decoder.Generate(requests, sampling)));
        });
        using var torchGenerator = new TorchGenerator(model);
        var torchRate = Math.Round(tokens / Gemm.Median(1, () => torchGenerator.Generate(requests, sampling)));
        var eager = Math.Round(tokens / Gemm.Median(1, () => EagerBaseline.Decode(model, batch, 8, newTokens)));
        var flops = 2.0
            * (model.Config.ParameterCount() - (config.TieWordEmbeddings ? 0 : (long)config.VocabularySize * config.HiddenSize));
        return new { tokensPerSecond = kernels, torchGenerator = torchRate, eagerLibtorch = eager,
            gflops = Math.Round(kernels.Values.Max() * flops / 1e9, 1) };
    }

    /// <summary>The quickstart's rollout: 32 questions × 8 samples of up to 40 tokens, some ending early.</summary>
    public static object Rollout(ModelConfig config, int threads)
    {
        using var model = CausalLm.Create(config, CPU, 1);
        using var decoder = new SimdDecoder(model, threads);
        var requests = Enumerable.Range(0, 32)
            .Select(i => new GenerationRequest([1, 2, 3, 4, 5, 6, 7], [.. Enumerable.Range(0, 8).Select(s => (ulong)((i * 8) + s))], [9]))
            .ToArray();
        var tokens = 0;
        var refresh = 0.0;
        var seconds = Gemm.Median(5, () =>
        {
            var start = Stopwatch.GetTimestamp();
            decoder.Refresh();
            refresh = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            tokens = decoder.Generate(requests, new SamplingRecipe { MaxNewTokens = 40 })
                .Sum(results => results.Sum(result => result.Tokens.Length));
        });
        var processor = Gemm.ProcessorSeconds(3, () => decoder.Generate(requests, new SamplingRecipe { MaxNewTokens = 40 }));
        return new { milliseconds = Math.Round(seconds * 1000), processorMilliseconds = Math.Round(processor * 1000),
            refreshMilliseconds = Math.Round(refresh, 1), tokens, tokensPerSecond = Math.Round(tokens / seconds) };
    }
}
