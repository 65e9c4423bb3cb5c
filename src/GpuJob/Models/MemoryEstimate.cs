namespace R1Cloud.GpuJob.Models;

/// <summary>Memory that a model needs, in bytes, from its shape.</summary>
internal static class MemoryEstimate
{
    private const long LogitsAtOnce = 1 << 24; // as scoring cuts them

    /// <summary>Weights and cache.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="elementBytes">Bytes of a weight and of a cached number.</param>
    /// <param name="tokens">Tokens in the cache at once.</param>
    public static long Generation(ModelConfig config, int elementBytes, long tokens) =>
        elementBytes * (config.ParameterCount() + (tokens * config.Layers * (config.CacheWidths.First + config.CacheWidths.Second)));

    /// <summary>
    /// Float32 weights, gradients and two moments, their bfloat16 casts, each layer's input, the activations of the one layer that is being
    /// recomputed, and the logits that exist at once with their gradient.
    /// </summary>
    public static long Training(ModelConfig config, long tokens)
    {
        var inside = (6L * config.HiddenSize) + (4L * config.Heads * config.HeadDim)
            + (4L * Math.Max(config.IntermediateSize, (config.Experts?.PerToken ?? 0) * (config.Experts?.IntermediateSize ?? 0)));
        return (config.ParameterCount() * (16 + 2)) + (2 * tokens * ((config.HiddenSize * (long)config.Layers) + inside))
            + (3 * 4 * Math.Min(LogitsAtOnce, tokens * config.VocabularySize));
    }
}
