using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>The model's shape, as a GGUF file's metadata and tensors tell it.</summary>
internal sealed class GgufShape
{
    // What is read, or held to what is done.
    private static readonly HashSet<string> Read = new(StringComparer.Ordinal)
    {
        "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size", "attention.head_count",
        "attention.head_count_kv", "attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon",
        "attention.causal", "attention.sliding_window", "expert_count", "rope.dimension_count", "rope.freq_base", "rope.scaling.type",
        "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.finetuned",
    };

    private readonly GgufFile file;

    /// <summary>Reads it.</summary>
    /// <exception cref="Shared.BadInputException">
    /// The architecture is not read, or a field is missing or means something that is not done here.
    /// </exception>
    public GgufShape(GgufFile file)
    {
        this.file = file;
        var name = file.Text("general.architecture");
        Architecture = GgufArchitecture.Find(name) ?? throw file.Error(
            $"general.architecture is '{name}'; read are {string.Join(", ", GgufArchitecture.All.Select(known => known.Name))}");
        Layers = Needed("block_count");
        Hidden = Needed("embedding_length");
        Heads = Needed("attention.head_count");
        KvHeads = Field("attention.head_count_kv") ?? Heads;
        HeadDim = Field("attention.key_length") ?? (Hidden % Heads == 0 ? Hidden / Heads : throw file.Error(
            $"{Key("embedding_length")} is {Hidden}, no multiple of {Key("attention.head_count")} {Heads}, and "
            + $"{Key("attention.key_length")} is missing"));
        Refuse("attention.value_length", HeadDim);
        Refuse("rope.dimension_count", HeadDim);
        Refuse("expert_count", 0);
        Refuse("attention.sliding_window", 0);
        Vocabulary = file.Tensors.TryGetValue("token_embd.weight", out var embedding) && embedding.Shape.Count == 2
            ? checked((int)embedding.Rows) : throw file.Error("it has no tensor 'token_embd.weight' of two dimensions");
        IsTied = !file.Tensors.ContainsKey("output.weight");
        if (file.Whole(Key("vocab_size")) is { } size && size != Vocabulary)
            throw file.Error($"{Key("vocab_size")} is {size}, and the embedding has {Vocabulary} rows");
        if (file.Telling(Key("")).FirstOrDefault(key => !Read.Contains(key[Key("").Length..])) is { } unknown)
            throw file.Error($"{unknown} says what is not done here");
    }

    public GgufArchitecture Architecture { get; }

    public int Layers { get; }

    public int Hidden { get; }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public int Vocabulary { get; }

    public bool IsTied { get; }

    /// <summary>The model's <c>config.json</c>.</summary>
    /// <param name="type">What its weights are stored in, by torch's name.</param>
    public JsonObject Configuration(string type)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(Architecture.ClassName),
            ["model_type"] = Architecture.Name,
            ["vocab_size"] = Vocabulary,
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Needed("feed_forward_length"),
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KvHeads,
            ["head_dim"] = HeadDim,
            ["hidden_act"] = "silu",
            ["max_position_embeddings"] = Needed("context_length"),
            ["rms_norm_eps"] = file.Number(Key("attention.layer_norm_rms_epsilon"))
                ?? throw file.Error($"{Key("attention.layer_norm_rms_epsilon")} is missing"),
            ["rope_theta"] = file.Number(Key("rope.freq_base")) ?? 10_000f, // llama.cpp's own when a file does not say
            ["tie_word_embeddings"] = IsTied,
            ["torch_dtype"] = type,
        };
        foreach (var (field, value) in Architecture.Fields) config[field] = JsonValue.Create(value);
        if (Architecture.Name is "llama" or "qwen3") config["attention_bias"] = file.Tensors.ContainsKey("blk.0.attn_q.bias");
        if (Architecture.Name == "llama") config["mlp_bias"] = file.Tensors.ContainsKey("blk.0.ffn_up.bias");
        foreach (var (field, key) in new[] { ("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding") })
        {
            if (file.Whole($"tokenizer.ggml.{key}_token_id") is { } id) config[field] = id;
        }
        if (Scaling() is { } scaling) config["rope_scaling"] = scaling;
        return config;
    }

    private JsonObject? Scaling()
    {
        if (file.Tensors.TryGetValue("rope_freqs.weight", out var factors)) return Llama3Scaling.Of(file.ReadAll(factors), this, file);
        var type = file.Text(Key("rope.scaling.type"));
        if (type is null or "none") return null;
        var factor = file.Number(Key("rope.scaling.factor")) ?? throw file.Error($"{Key("rope.scaling.factor")} is missing");
        var original = Field("rope.scaling.original_context_length");
        return type switch
        {
            "linear" => new JsonObject { ["rope_type"] = "linear", ["factor"] = factor },
            "yarn" when original is { } length => new JsonObject
            {
                ["rope_type"] = "yarn", ["factor"] = factor, ["original_max_position_embeddings"] = length,
            },
            "yarn" => throw file.Error($"{Key("rope.scaling.original_context_length")} is missing"),
            _ => throw file.Error($"{Key("rope.scaling.type")} is '{type}'; read are none, linear, yarn"),
        };
    }

    /// <summary>The base of the rotary frequencies.</summary>
    public double RopeBase => file.Number(Key("rope.freq_base")) ?? 10_000f;

    private string Key(string field) => $"{Architecture.Name}.{field}";

    private int Needed(string field) => Field(field) ?? throw file.Error($"{Key(field)} is missing");

    private int? Field(string field) => file.Whole(Key(field)) is { } value
        ? value is > 0 and <= int.MaxValue ? (int)value : throw file.Error($"{Key(field)} is {value}; allowed is a number from 1") : null;

    // What would change the arithmetic and is not done here is not passed over.
    private void Refuse(string field, int asIfMissing)
    {
        if (file.Whole(Key(field)) is { } value && value != asIfMissing && value != 0)
            throw file.Error($"{Key(field)} is {value}; only {asIfMissing} is read");
    }
}
