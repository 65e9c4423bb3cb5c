using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What of a decoder decides its cost.</summary>
/// <param name="Parameters">N: parameters, the embedding counted once when tied.</param>
/// <param name="Layers">L: decoder layers.</param>
/// <param name="AttentionWidth">d: query heads × head size (the mean of the query's and the value's, where they differ).</param>
public sealed record PlanModel(double Parameters, int Layers, int AttentionWidth)
{
    /// <summary>
    /// Parameters that work on a token: all, or in a mixture of experts those outside the experts and of the experts that a token goes to.
    /// </summary>
    public double Active { get; init; } = Parameters;

    /// <summary>What decides its memory; null where only its size is known.</summary>
    public DecoderSize? Size { get; init; }

    /// <summary>Bytes of a checkpoint: FP32 weights and AdamW's two moments.</summary>
    public double CheckpointBytes => 12 * Parameters;

    /// <summary>Bytes of a checkpoint without the moments.</summary>
    public double WeightBytes => 4 * Parameters;

    /// <summary>
    /// A forward pass over one causal sequence of S tokens: 2·N·S for the weights (Kaplan et al., arXiv 2001.08361, section 2.1) and
    /// 2·L·d·S² for attention, whose two products take 4·d a pair of tokens and layer, over S²/2 pairs.
    /// </summary>
    public double Forward(double tokens) => 2 * Active * tokens + 2.0 * Layers * AttentionWidth * tokens * tokens;

    /// <summary>A model that a recipe shapes, its embedding tied.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="vocabulary">Tokens of the vocabulary.</param>
    public static PlanModel Of(ModelShape shape, int vocabulary) =>
        Of(shape.HiddenSize, shape.Layers,
            shape.Latent is { } latent
                ? Attention.Latent(shape.HiddenSize, shape.Heads, latent.QueryRank ?? 0, latent.KeyValueRank, latent.PlainWidth,
                    latent.RotaryWidth, latent.ValueWidth)
                : Attention.Grouped(shape.HiddenSize, shape.Heads, shape.KvHeads, shape.HiddenSize / shape.Heads),
            shape.IntermediateSize,
            shape.Experts is { } experts
                ? new(experts.Count, experts.PerToken, experts.IntermediateSize, shape.Latent is null ? 0 : experts.Shared ?? 1,
                    experts.DenseLayers)
                : null,
            vocabulary, tied: true);

    /// <summary>An imported model: as the recipe describes it, or its folder where that is here or on the Hub; null where neither says
    /// enough.</summary>
    public static PlanModel? Of(ImportStage stage, IHubReader? hub)
    {
        if (stage.Size is { } size)
            return new(size.Parameters, size.Layers, size.AttentionWidth) { Active = size.ActiveParameters ?? size.Parameters };
        try
        {
            var folder = HubName.Is(stage.Path) ? hub?.Ask(asked => asked.ModelFolderAsync(HubName.Parse(stage.Path), weights: false))
                : stage.Path;
            return Directory.Exists(folder) ? Load(folder) : null;
        }
        catch (Exception e) when (e is BadInputException or StorageException)
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
            var config = json.RootElement.ValueKind == JsonValueKind.Object
                ? json.RootElement : throw new BadInputException($"{file}: an object is needed.");
            int heads = Number("num_attention_heads"), hidden = Number("hidden_size"), layers = Number("num_hidden_layers"),
                inner = Number("intermediate_size");
            var attention = Has("kv_lora_rank")
                ? Attention.Latent(hidden, heads, Has("q_lora_rank") ? Number("q_lora_rank") : 0, Number("kv_lora_rank"),
                    Number("qk_nope_head_dim"), Number("qk_rope_head_dim"), Number("v_head_dim"))
                : Attention.Grouped(hidden, heads, Number("num_key_value_heads", heads), Number("head_dim", hidden / heads));
            string[] names = ["n_routed_experts", "num_experts", "num_local_experts"];
            var experts = names.FirstOrDefault(Has) is { } field
                ? new Experts(Number(field), Number("num_experts_per_tok"), Number("moe_intermediate_size", inner), Shared(),
                    Has("first_k_dense_replace") ? (int)config.GetProperty("first_k_dense_replace").GetDouble() : 0)
                : null;
            return Of(hidden, layers, attention, inner, experts, Number("vocab_size"),
                config.TryGetProperty("tie_word_embeddings", out var tied)
                    ? tied.ValueKind == JsonValueKind.True : IsTiedUnlessSaid(config));

            bool Has(string name) => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number;

            // In units of an expert's width.
            double Shared() => Has("n_shared_experts") ? config.GetProperty("n_shared_experts").GetDouble()
                : Has("shared_expert_intermediate_size")
                    ? config.GetProperty("shared_expert_intermediate_size").GetDouble() / Number("moe_intermediate_size", inner) : 0;

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

    private static bool IsTiedUnlessSaid(JsonElement config) =>
        config.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "gemma3_text";

    private static PlanModel Of(double hidden, int layers, Attention attention, double inner, Experts? experts, double vocabulary,
        bool tied)
    {
        var (total, active) = (0.0, 0.0);
        for (var layer = 0; layer < layers; layer++)
        {
            var common = attention.Parameters + 2 * hidden;
            var sparse = experts is not null && layer >= experts.FirstDense;
            total += common + (sparse ? experts!.Total(hidden) : 3 * hidden * inner);
            active += common + (sparse ? experts!.Active(hidden) : 3 * hidden * inner);
        }
        var rest = hidden + vocabulary * hidden * (tied ? 1 : 2);
        return new(total + rest, layers, attention.Width)
        {
            Active = active + rest,
            Size = new(total + rest, layers, attention.Width, hidden,
                experts is null ? inner : Math.Max(inner, (experts.Taken + experts.Shared) * experts.Width),
                attention.CacheWidth, vocabulary),
        };
    }

    // A layer's attention: its parameters and the width that decides the cost of its products.
    private sealed record Attention(double Parameters, int Width, int CacheWidth)
    {
        public static Attention Grouped(double hidden, int heads, int kvHeads, int size) =>
            new(hidden * (heads + 2.0 * kvHeads) * size + (double)heads * size * hidden, heads * size, 2 * kvHeads * size);

        // DeepSeek's latent attention: queries and keys of nope + rope, values of their own size, through low ranks.
        public static Attention Latent(double hidden, int heads, double queryRank, double rank, int nope, int rope, int value)
        {
            var query = queryRank > 0 ? hidden * queryRank + queryRank * heads * (nope + rope) : hidden * heads * (nope + rope);
            return new(query + hidden * (rank + rope) + rank * heads * (nope + value) + (double)heads * value * hidden,
                heads * (nope + rope + value) / 2, (int)rank + rope);
        }
    }

    // A layer's experts, of one width: routed ones of which a token takes some, shared ones that it always takes, and the router.
    private sealed record Experts(double Routed, double Taken, double Width, double Shared, int FirstDense)
    {
        public double Total(double hidden) => (Routed + Shared) * 3 * hidden * Width + Routed * hidden;

        public double Active(double hidden) => (Taken + Shared) * 3 * hidden * Width + Routed * hidden;
    }
}
