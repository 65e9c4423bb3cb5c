using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Models;

/// <summary>How an architecture's config.json speaks of its experts.</summary>
/// <param name="Read">Reads the settings of so many layers; null where there are none.</param>
/// <param name="Write">Adds them to a file.</param>
/// <param name="Fields">The fields.</param>
internal sealed record ExpertsDialect(
    Func<ConfigFields, int, ExpertsConfig?> Read, Action<JsonObject, ExpertsConfig> Write, IReadOnlyList<string> Fields)
{
    private const string Local = "num_local_experts", PerToken = "num_experts_per_tok", Width = "moe_intermediate_size";

    // Fields that only training by other programs reads.
    private static readonly string[] Common =
        [Local, PerToken, Width, "norm_topk_prob", "output_router_logits", "router_aux_loss_coef"];

    /// <summary>DeepSeek-V3's: sigmoid scores in groups.</summary>
    public static ExpertsDialect DeepSeek { get; } = new(
        ReadDeepSeek, WriteDeepSeek,
        [
            .. Common, "n_routed_experts", "n_shared_experts", "first_k_dense_replace", "moe_layer_freq", "n_group", "topk_group",
                "routed_scaling_factor", "scoring_func", "topk_method", "aux_loss_alpha", "seq_aux", "ep_size", "router_jitter_noise",
        ]);

    /// <summary>Qwen3's: softmax scores.</summary>
    public static ExpertsDialect Qwen { get; } =
        new(ReadQwen, WriteQwen, [.. Common, "num_experts", "decoder_sparse_step", "mlp_only_layers"]);

    // Where a file is silent the numbers are those of transformers' DeepseekV3Config: no tensor's shape would tell that they are others.
    private static ExpertsConfig? ReadDeepSeek(ConfigFields reader, int layers)
    {
        reader.MustBe("scoring_func", "sigmoid");
        reader.MustBe("topk_method", "noaux_tc");
        reader.MustBe("moe_layer_freq", 1);
        var name = reader.Has("n_routed_experts") ? "n_routed_experts" : Local;
        if (!reader.Has(name)) return null;
        int routed = reader.Positive(name), groups = reader.Positive("n_group", 8);
        if (routed % groups != 0) throw reader.Error("n_group", groups, $"a divisor of {name} ({routed})");
        var chosen = reader.Positive("topk_group", 4);
        if (chosen > groups) throw reader.Error("topk_group", chosen, $"up to n_group ({groups})");
        var perToken = reader.Positive(PerToken);
        if (perToken > routed) throw reader.Error(PerToken, perToken, $"up to {name} ({routed})");
        return new ExpertsConfig(
            routed, reader.AtLeast("n_shared_experts", 0, 1), perToken, reader.Positive(Width),
                reader.AtLeast("first_k_dense_replace", 0, 3),
            groups, chosen, reader.Flag("norm_topk_prob", true), reader.PositiveNumber("routed_scaling_factor", 2.5));
    }

    private static void WriteDeepSeek(JsonObject root, ExpertsConfig experts)
    {
        root["n_routed_experts"] = experts.Routed;
        root["n_shared_experts"] = experts.Shared;
        root[PerToken] = experts.PerToken;
        root[Width] = experts.IntermediateSize;
        root["first_k_dense_replace"] = experts.FirstLayer;
        root["moe_layer_freq"] = 1;
        root["n_group"] = experts.Groups;
        root["topk_group"] = experts.ChosenGroups;
        root["norm_topk_prob"] = experts.Normalize;
        root["routed_scaling_factor"] = JsonFloat.Of(experts.Scale);
        root["scoring_func"] = "sigmoid";
        root["topk_method"] = "noaux_tc";
        root["num_nextn_predict_layers"] = 0; // such layers are not kept
    }

    private static ExpertsConfig? ReadQwen(ConfigFields reader, int layers)
    {
        const string Count = "num_experts", Step = "decoder_sparse_step", Dense = "mlp_only_layers";
        if (reader.Has(Count) && reader.Has(Local) && reader.AtLeast(Count, 0, 0) != reader.AtLeast(Local, 0, 0))
            throw reader.Disagree(Count, Local);
        var name = reader.Has(Count) ? Count : Local;
        if (!reader.Has(name)) throw reader.Error(Count, null, "a whole number from 0");
        var routed = reader.AtLeast(name, 0, 0);
        if (routed == 0) return null;
        var perToken = reader.Positive(PerToken);
        if (perToken > routed) throw reader.Error(PerToken, perToken, $"up to {name} ({routed})");
        var dense = reader.Ids(Dense);
        foreach (var layer in dense.Where(layer => layer >= layers)) throw reader.Error(Dense, layer, $"layers below {layers}");
        return new ExpertsConfig(
            routed, 0, perToken, reader.Positive(Width), 0, 1, 1, reader.Flag("norm_topk_prob", false), 1)
        {
            Scoring = ExpertScoring.Softmax, Step = reader.Positive(Step, 1), DenseLayers = new ValueList<int>(dense),
        };
    }

    private static void WriteQwen(JsonObject root, ExpertsConfig experts)
    {
        root["num_experts"] = experts.Routed; // older readers, and vLLM
        root[Local] = experts.Routed; // transformers 5
        root[PerToken] = experts.PerToken;
        root[Width] = experts.IntermediateSize;
        root["norm_topk_prob"] = experts.Normalize;
        root["decoder_sparse_step"] = experts.Step;
        root["mlp_only_layers"] = new JsonArray([.. experts.DenseLayers.Select(layer => JsonValue.Create(layer))]);
    }
}
