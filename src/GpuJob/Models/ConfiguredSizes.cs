using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Holds the numbers of a configuration that decide how much is built to the weights' headers, which a file's length bounds: no part of a
/// model is larger than the largest dimension there is, and no model has more layers or experts than there are tensors.
/// </summary>
internal static class ConfiguredSizes
{
    /// <summary>Checks them.</summary>
    /// <exception cref="BadInputException">Names each number that no tensor can bear out.</exception>
    public static void Check(SafetensorsModel source, ModelConfig config)
    {
        var (tensors, largest) = (0L, 1L);
        foreach (var (_, stored) in source.Tensors.Where(tensor => tensor.Value.Bytes > 0))
        {
            tensors++;
            foreach (var dimension in stored.Shape) largest = Math.Max(largest, dimension);
        }
        List<string> problems =
        [
            .. Sizes(config).Where(size => size.Value > largest)
                .Select(size => $"{size.Name} is {size.Value}, and no dimension of the weights is above {largest}"),
            .. Counts(config).Where(count => count.Value > tensors)
                .Select(count => $"{count.Name} is {count.Value}, and there are only {tensors} tensors"),
        ];
        if (problems.Count == 0) return;
        throw new BadInputException($"{source.Folder}: the weights do not fit config.json: {string.Join("; ", problems)}.");
    }

    private static IEnumerable<(string Name, long Value)> Sizes(ModelConfig config)
    {
        yield return ("hidden_size", config.HiddenSize);
        var routed = Enumerable.Range(0, config.Layers).Count(config.HasExperts);
        if (routed < config.Layers) yield return ("intermediate_size", config.IntermediateSize);
        yield return ("vocab_size", config.VocabularySize);
        yield return ("num_attention_heads", config.Heads);
        if (config.Latent is { } latent)
        {
            yield return ("num_attention_heads × qk_nope_head_dim + qk_rope_head_dim",
                config.Heads * ((long)latent.NopeDim + latent.RopeDim));
            yield return ("num_attention_heads × (qk_nope_head_dim + v_head_dim)", config.Heads * ((long)latent.NopeDim + latent.ValueDim));
            yield return ("q_lora_rank", latent.QueryRank ?? 0);
            yield return ("kv_lora_rank + qk_rope_head_dim", (long)latent.KvRank + latent.RopeDim);
        }
        else
        {
            yield return ("num_attention_heads × head_dim", (long)config.Heads * config.HeadDim);
        }
        if (config.Experts is { } experts && routed > 0)
            yield return ("moe_intermediate_size × n_shared_experts", experts.IntermediateSize * Math.Max(1L, experts.Shared));
    }

    private static IEnumerable<(string Name, long Value)> Counts(ModelConfig config)
    {
        yield return ("num_hidden_layers", config.Layers);
        yield return ("num_nextn_predict_layers", config.NextTokenLayers);
        if (config.Experts is { } experts && Enumerable.Range(0, config.Layers).Any(config.HasExperts))
            yield return ("n_routed_experts or num_experts", experts.Routed);
    }
}
