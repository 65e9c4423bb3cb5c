using System.Diagnostics.CodeAnalysis;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// What sets one architecture apart: its names, what its config.json may say and means where it is silent, and the blocks its layers are
/// built of.
/// </summary>
/// <param name="ClassName">The class that config.json's <c>architectures</c> names.</param>
/// <param name="Fields">Fields of config.json that it has beyond the common ones.</param>
internal sealed record Architecture(string ClassName, IReadOnlyList<string> Fields)
{
    /// <summary>Whether query, key and value projections always have a bias, and the output projection never.</summary>
    public bool QkvBias { get; init; }
    /// <summary>Whether queries and keys are normalised.</summary>
    public bool QkNorm { get; init; }
    /// <summary>Whether they are so over all heads together instead of each.</summary>
    public bool QkNormAcrossHeads { get; init; }
    /// <summary>Whether attention goes through latents.</summary>
    public bool Latent { get; init; }
    /// <summary>How the mixture of experts is written, or null where every layer is dense.</summary>
    public ExpertsDialect? Experts { get; init; }
    /// <summary>Whether queries, keys and values are one tensor, and so are gate and up.</summary>
    public bool Fused { get; init; }
    /// <summary>Where the norms of a layer stand.</summary>
    public NormPlacement Norms { get; init; }
    /// <summary>Whether norms scale by 1 + w instead of w.</summary>
    public bool NormsAroundOne { get; init; }
    /// <summary>Whether embeddings are scaled by √hidden.</summary>
    public bool ScaledEmbeddings { get; init; }
    /// <summary>What the feed-forward block puts its gate through.</summary>
    public GateActivation Activation { get; init; }
    /// <summary>The field that names the activation.</summary>
    public string ActivationField { get; init; } = "hidden_act";
    /// <summary>The head's width where a file does not say; 0 for hidden size / heads.</summary>
    public int HeadDim { get; init; }
    /// <summary>Key/value heads where a file does not say; 0 for one a query head.</summary>
    public int KvHeads { get; init; }
    /// <summary>ε of the norms where a file does not say.</summary>
    public double RmsNormEps { get; init; } = 1e-6;
    /// <summary>Whether the output projection is the embedding where a file does not say.</summary>
    public bool Tied { get; init; }
    /// <summary>What attention scores are divided by the root of, where a file does not say; 0 for the head's width.</summary>
    public int QueryScalar { get; init; }
    /// <summary>Which layers see a window only, as config.json says it; null for none.</summary>
    public WindowReader? Windows { get; init; }
    /// <summary>How rotary settings are written.</summary>
    public RopeDialect Rope { get; init; } = new();
}

/// <summary>Where the norms of a layer stand.</summary>
internal enum NormPlacement
{
    /// <summary>Before attention and before the feed-forward block.</summary>
    Before,
    /// <summary>Behind each of them, before the residual is added.</summary>
    After,
    /// <summary>Before and behind each.</summary>
    Around,
}

/// <summary>What a feed-forward block puts its gate through.</summary>
internal enum GateActivation
{
    /// <summary>x · σ(x).</summary>
    Silu,
    /// <summary>GELU by its approximation with tanh.</summary>
    GeluTanh,
}

/// <summary>
/// Architectures by config.json's <c>model_type</c>. A new one is a new entry and, where its blocks differ, a new block file. What holds
/// where a file is silent is what transformers' configuration classes say.
/// </summary>
internal static class Architectures
{
    private static readonly string[] SlidingWindow = ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"];

    private static readonly Dictionary<string, Architecture> Known = new(StringComparer.Ordinal)
    {
        ["llama"] = new("LlamaForCausalLM", ["attention_bias", "mlp_bias"]),
        ["qwen2"] = new("Qwen2ForCausalLM", ["attention_bias", .. SlidingWindow]) { QkvBias = true },
        ["qwen3"] = new("Qwen3ForCausalLM", ["attention_bias", .. SlidingWindow]) { QkNorm = true, HeadDim = 128 },
        ["deepseek_v3"] = new(
            "DeepseekV3ForCausalLM",
            [
                "attention_bias", "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "qk_head_dim", "v_head_dim",
                    "rope_interleave",
                "num_nextn_predict_layers", .. ExpertsDialect.DeepSeek.Fields,
            ])
        { Latent = true, Experts = ExpertsDialect.DeepSeek },
        ["qwen3_moe"] = new(
            "Qwen3MoeForCausalLM",
            ["attention_bias", "use_sliding_window", "sliding_window", "max_window_layers", .. ExpertsDialect.Qwen.Fields])
        { QkNorm = true, KvHeads = 4, Experts = ExpertsDialect.Qwen },
        ["mistral"] = new("MistralForCausalLM", ["sliding_window"]) { KvHeads = 8, Windows = WindowConfigJson.Everywhere(4096) },
        ["olmo2"] = new("Olmo2ForCausalLM", ["attention_bias"])
        {
            Norms = NormPlacement.After, QkNorm = true, QkNormAcrossHeads = true, RmsNormEps = 1e-5, Rope = new() { Theta = 500000 },
        },
        ["olmo3"] = new("Olmo3ForCausalLM", ["attention_bias", "sliding_window", "layer_types"])
        {
            Norms = NormPlacement.After, QkNorm = true, QkNormAcrossHeads = true, RmsNormEps = 1e-5,
            Windows = WindowConfigJson.ByLayerType(4096, fullEvery: 4), Rope = new() { Theta = 500000, ByLayerType = true },
        },
        ["gemma3_text"] = new(
            "Gemma3ForCausalLM",
            [
                "attention_bias", "hidden_activation", "query_pre_attn_scalar", "sliding_window", "sliding_window_pattern", "layer_types",
                    "rope_local_base_freq", "attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention",
            ])
        {
            Norms = NormPlacement.Around, NormsAroundOne = true, QkNorm = true, ScaledEmbeddings = true,
            Activation = GateActivation.GeluTanh, ActivationField = "hidden_activation", HeadDim = 256, KvHeads = 4, Tied = true,
            QueryScalar = 256,
            Windows = WindowConfigJson.ByLayerType(4096, fullEvery: 6),
            Rope = new() { Theta = 1e6, ByLayerType = true, LocalTheta = ("rope_local_base_freq", 10000) },
        },
        ["phi3"] = new("Phi3ForCausalLM", ["sliding_window", "partial_rotary_factor", RopeDialect.OriginalLength])
        {
            Fused = true, RmsNormEps = 1e-5, Windows = WindowConfigJson.Everywhere(null),
            Rope = new() { Partial = true, OriginalMaxPositions = 4096, Types = ["default", "longrope", "su"] },
        },
    };

    /// <summary>The names, for messages.</summary>
    public static string Supported => string.Join(", ", Known.Keys);

    /// <summary>Looks an architecture up.</summary>
    public static bool TryGet(string modelType, [NotNullWhen(true)] out Architecture? architecture) =>
        Known.TryGetValue(modelType, out architecture);

    /// <summary>The <c>model_type</c> whose class that is; null for none's.</summary>
    public static string? OfClass(string className) =>
        Known.Where(known => known.Value.ClassName == className).Select(known => known.Key).FirstOrDefault();

    /// <summary>An architecture that is known to exist.</summary>
    public static Architecture Get(string modelType) => Known[modelType];
}
