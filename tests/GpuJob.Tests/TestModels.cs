using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests;

/// <summary>Small models and everything that generates from them.</summary>
internal static class TestModels
{
    public static ModelConfig Config(
        int hidden = 32, int layers = 2, int heads = 4, int kvHeads = 2, int headDim = 8, int intermediate = 48, int vocabulary = 29,
        bool tied = true, bool bias = false, int positions = 96) => new()
        {
            ModelType = bias ? "qwen2" : "llama",
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            IntermediateSize = intermediate,
            VocabularySize = vocabulary,
            TieWordEmbeddings = tied,
            QkvBias = bias,
            MaxPositions = positions,
        };

    public static CausalLm Create(ModelConfig config, ulong seed = 1) => CausalLm.Create(config, CPU, seed);

    /// <summary>Every generator, each SIMD kernel that this machine runs included.</summary>
    public static IEnumerable<IGenerator> Generators(CausalLm model)
    {
        yield return new TorchGenerator(model);
        foreach (var kernel in SimdKernels.Supported) yield return new SimdDecoder(model, threads: 2, kernel);
    }
}
