using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.GpuJob.Models;

/// <summary>What sets one architecture apart: its names, what its config.json may say, and the blocks its layers are built of.</summary>
/// <param name="ClassName">The class that config.json's <c>architectures</c> names.</param>
/// <param name="Fields">Fields of config.json that it has beyond the common ones.</param>
/// <param name="QkvBias">Whether query, key and value projections always have a bias, and the output projection never.</param>
/// <param name="QkNorm">Whether query and key heads are normalised.</param>
/// <param name="Latent">Whether attention goes through latents, and layers have experts.</param>
/// <param name="HeadDim">The head's width where a file does not say; 0 for hidden size / heads.</param>
internal sealed record Architecture(string ClassName, IReadOnlyList<string> Fields, bool QkvBias = false, bool QkNorm = false,
    bool Latent = false, int HeadDim = 0);

/// <summary>
/// Architectures by config.json's <c>model_type</c>. A new one is a new entry and, where its blocks differ, a new block file.
/// </summary>
internal static class Architectures
{
    private static readonly string[] SlidingWindow = ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"];

    private static readonly Dictionary<string, Architecture> Known = new(StringComparer.Ordinal)
    {
        ["llama"] = new("LlamaForCausalLM", ["attention_bias", "mlp_bias"]),
        ["qwen2"] = new("Qwen2ForCausalLM", ["attention_bias", .. SlidingWindow], QkvBias: true),
        ["qwen3"] = new("Qwen3ForCausalLM", ["attention_bias", .. SlidingWindow], QkNorm: true, HeadDim: 128),
        ["deepseek_v3"] = new(
            "DeepseekV3ForCausalLM",
            [
                "attention_bias", "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "qk_head_dim", "v_head_dim",
                    "rope_interleave",
                "n_routed_experts", "num_local_experts", "n_shared_experts", "num_experts_per_tok", "moe_intermediate_size",
                    "first_k_dense_replace", "moe_layer_freq",
                "n_group", "topk_group", "norm_topk_prob", "routed_scaling_factor", "scoring_func", "topk_method",
                    "num_nextn_predict_layers",
                "aux_loss_alpha", "seq_aux", "ep_size", "output_router_logits", "router_aux_loss_coef", "router_jitter_noise",
            ],
            Latent: true),
    };

    /// <summary>The names, for messages.</summary>
    public static string Supported => string.Join(", ", Known.Keys);

    /// <summary>Looks an architecture up.</summary>
    public static bool TryGet(string modelType, [NotNullWhen(true)] out Architecture? architecture) =>
        Known.TryGetValue(modelType, out architecture);

    /// <summary>An architecture that is known to exist.</summary>
    public static Architecture Get(string modelType) => Known[modelType];
}
