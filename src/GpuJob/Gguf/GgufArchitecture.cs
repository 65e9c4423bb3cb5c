namespace R1Cloud.GpuJob.Gguf;

/// <summary>How llama.cpp calls and lays out an architecture.</summary>
/// <param name="Name">Its name there and here.</param>
/// <param name="ClassName">The class that transformers builds of it.</param>
/// <param name="PairsApart">
/// Whether rows of queries and keys are kept pair by pair (0, h/2, 1, h/2 + 1, …) as the original Llama rotates them, where Hugging Face
/// keeps the first halves before the second ones.
/// </param>
/// <param name="Fields">What <c>config.json</c> says of it beside the shape.</param>
internal sealed record GgufArchitecture(string Name, string ClassName, bool PairsApart, IReadOnlyDictionary<string, object> Fields)
{
    private const string Layers = "model.layers.";

    /// <summary>Those that are read and written.</summary>
    public static IReadOnlyList<GgufArchitecture> All { get; } =
    [
        new("llama", "LlamaForCausalLM", true, new Dictionary<string, object>()),
        new("qwen2", "Qwen2ForCausalLM", false, new Dictionary<string, object> { ["use_sliding_window"] = false }),
        new("qwen3", "Qwen3ForCausalLM", false, new Dictionary<string, object> { ["use_sliding_window"] = false }),
    ];

    private static readonly (string Gguf, string Here)[] Whole =
        [("token_embd", "model.embed_tokens"), ("output_norm", "model.norm"), ("output", "lm_head")];

    private static readonly (string Gguf, string Here)[] OfLayers =
    [
        ("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm"),
        ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"),
        ("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"),
    ];

    /// <summary>One by its name; null for another.</summary>
    public static GgufArchitecture? Find(string? name) => All.FirstOrDefault(known => known.Name == name);

    /// <summary>What a tensor of a GGUF file is called in Hugging Face's layout; null for one that there is no place for.</summary>
    public static string? NameHere(string name)
    {
        if (name.Split('.') is [var whole, var end] && Whole.FirstOrDefault(pair => pair.Gguf == whole).Here is { } here)
            return $"{here}.{end}";
        return name.Split('.') is ["blk", var layer, var part, var kind]
            && OfLayers.FirstOrDefault(pair => pair.Gguf == part).Here is { } block
            ? $"{Layers}{layer}.{block}.{kind}" : null;
    }

    /// <summary>What a tensor of Hugging Face's layout is called in a GGUF file.</summary>
    public static string NameThere(string name)
    {
        var dot = name.LastIndexOf('.');
        var (part, kind) = (name[..dot], name[dot..]);
        if (Whole.FirstOrDefault(pair => pair.Here == part).Gguf is { } whole) return whole + kind;
        var rest = part[Layers.Length..];
        var layer = rest[..rest.IndexOf('.', StringComparison.Ordinal)];
        return $"blk.{layer}.{OfLayers.Single(pair => pair.Here == rest[(layer.Length + 1)..]).Gguf}{kind}";
    }

    /// <summary>Whether a tensor's rows are those of rotated heads: of how many.</summary>
    public static int? RotatedHeads(string nameHere, int heads, int kvHeads) =>
        nameHere.Contains(".self_attn.q_proj.", StringComparison.Ordinal) ? heads
        : nameHere.Contains(".self_attn.k_proj.", StringComparison.Ordinal) ? kvHeads : null;

    /// <summary>The row of a GGUF file that is a row of Hugging Face's.</summary>
    public static long RowThere(long row, int headDim)
    {
        var (head, within) = Math.DivRem(row, headDim);
        var (half, pair) = Math.DivRem(within, headDim / 2);
        return (head * headDim) + (pair * 2) + half;
    }
}
