using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Models;

/// <summary>What models take of memory, in bytes, from their shape.</summary>
internal static class ModelSizes
{
    private static readonly OptimizerRecipe Frugal = new() { LearningRate = 1, Precision = TrainingPrecision.Bfloat16, Recompute = true };

    /// <summary>What decides it.</summary>
    public static DecoderSize Size(this ModelConfig config) => new(
        config.ParameterCount(), config.Layers,
        config.Latent is { } latent ? config.Heads * (latent.QueryDim + latent.ValueDim) / 2 : config.Heads * config.HeadDim,
        config.HiddenSize,
        Math.Max(config.IntermediateSize,
            config.Experts is { } experts ? (experts.PerToken + experts.Shared) * experts.IntermediateSize : 0),
        config.CacheWidths.First + config.CacheWidths.Second, config.ScoreHead ? 1 : config.VocabularySize);

    /// <summary>Weights and cache of a model that generates.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="elementBytes">Bytes of a weight and of a cached number.</param>
    /// <param name="tokens">Tokens in the cache at once.</param>
    public static long Generation(ModelConfig config, int elementBytes, long tokens) =>
        elementBytes * (config.ParameterCount() + (tokens * config.Layers * (config.CacheWidths.First + config.CacheWidths.Second)));

    /// <summary>Training in bfloat16 over float32 weights with recomputation, all of it on a GPU.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="tokens">Tokens of a pass.</param>
    public static long Training(ModelConfig config, long tokens) =>
        (long)MemoryNeed.Of(config.Size(), new() { PassTokens = tokens, Training = Frugal }, double.PositiveInfinity)!.Bytes;
}
