using System.Text.Json;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What of a decoder decides its cost.</summary>
/// <param name="Parameters">N: parameters, the embedding counted once when tied.</param>
/// <param name="Layers">L: decoder layers.</param>
/// <param name="AttentionWidth">d: query heads × head size.</param>
public sealed record PlanModel(double Parameters, int Layers, int AttentionWidth)
{
    /// <summary>Parameters that one token passes through: fewer than all where there are experts.</summary>
    public double ActiveParameters { get; init; } = Parameters;

    /// <summary>Bytes of a checkpoint: FP32 weights and AdamW's two moments.</summary>
    public double CheckpointBytes => 12 * Parameters;

    /// <summary>
    /// A forward pass over one causal sequence of S tokens: 2·N·S for the weights (Kaplan et al., arXiv 2001.08361, section 2.1) and 2·L·d·S² for attention,
    /// whose two products take 4·d a pair of tokens and layer, over S²/2 pairs.
    /// </summary>
    public double Forward(double tokens) => 2 * ActiveParameters * tokens + 2.0 * Layers * AttentionWidth * tokens * tokens;

    /// <summary>A model that a recipe shapes: Llama family, tied embedding.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="vocabulary">Tokens of the vocabulary.</param>
    public static PlanModel Of(ModelShape shape, int vocabulary) =>
        Of(shape.HiddenSize, shape.Layers, shape.Heads, shape.KvHeads, shape.HiddenSize / shape.Heads, shape.IntermediateSize, vocabulary, tied: true);

    /// <summary>An imported model: as the recipe describes it, or its folder where that is here; null where neither says enough.</summary>
    public static PlanModel? Of(ImportStage stage)
    {
        if (stage.Size is { } size) return new(size.Parameters, size.Layers, size.AttentionWidth) { ActiveParameters = size.ActiveParameters ?? size.Parameters };
        try
        {
            return Directory.Exists(stage.Path) ? Load(stage.Path) : null;
        }
        catch (BadInputException)
        {
            return null; // the plan says that the model is not known; whether it can be imported is another question
        }
    }

    /// <summary>A checkpoint's model, from its <c>config.json</c> or the folder that holds it.</summary>
    /// <exception cref="BadInputException">It cannot be read, or a field is missing or wrong.</exception>
    public static PlanModel Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var config = json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement : throw new BadInputException($"{file}: an object is needed.");
            if (config.TryGetProperty("n_routed_experts", out _) || config.TryGetProperty("num_experts", out _) || config.TryGetProperty("num_local_experts", out _))
                throw new BadInputException($"{file}: models of experts cannot be planned yet; allowed: dense decoders, or an import stage that says its size.");
            int heads = Number("num_attention_heads"), hidden = Number("hidden_size");
            return Of(hidden, Number("num_hidden_layers"), heads, Number("num_key_value_heads", heads), Number("head_dim", hidden / heads),
                Number("intermediate_size"), Number("vocab_size"), config.TryGetProperty("tie_word_embeddings", out var tied) && tied.ValueKind == JsonValueKind.True);

            int Number(string field, int? otherwise = null)
            {
                if (!config.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
                    return otherwise ?? throw new BadInputException($"{file}, {field}: is missing; allowed: a whole number from 1.");
                return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
                    ? number
                    : throw new BadInputException($"{file}, {field}: {value.GetRawText()} is not allowed; allowed: a whole number from 1.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BadInputException($"{file} cannot be read as a model's config: {e.Message}", e);
        }
    }

    private static PlanModel Of(int hidden, int layers, int heads, int kvHeads, int headSize, int intermediate, int vocabulary, bool tied)
    {
        double d = hidden, q = (double)heads * headSize, kv = (double)kvHeads * headSize;
        var layer = d * (q + 2 * kv) + q * d + 3 * d * intermediate + 2 * d;
        return new(layers * layer + d + vocabulary * d * (tied ? 1 : 2), layers, heads * headSize);
    }
}
