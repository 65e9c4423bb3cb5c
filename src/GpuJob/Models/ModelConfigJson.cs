using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Models;

/// <summary>Reads and writes <see cref="ModelConfig"/> in the spelling of Hugging Face, that of transformers 5 included.</summary>
internal static class ModelConfigJson
{
    private const string Scorer = "ForSequenceClassification";

    private const int MostLayers = 100_000; // what is kept of each has a bound

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Dictionary<GateActivation, string> Activations =
        new() { [GateActivation.Silu] = "silu", [GateActivation.GeluTanh] = "gelu_pytorch_tanh" };

    // Fields of every architecture that are read.
    private static readonly string[] Common =
    [
        "model_type", "architectures", "hidden_act", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "head_dim",
        "vocab_size", "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "rope_parameters", "tie_word_embeddings",
            "initializer_range",
        "bos_token_id", "eos_token_id", "pad_token_id", "torch_dtype", "dtype", "quantization_config",
    ];

    // Fields that change nothing here: training aids, defaults of generation, who wrote the file.
    private static readonly HashSet<string> WithoutEffect = new(StringComparer.Ordinal)
    {
        "transformers_version", "use_cache", "attention_dropout", "pretraining_tp", "auto_map", "name_or_path", "return_dict",
            "output_attentions", "output_hidden_states",
        "use_return_dict", "is_decoder", "is_encoder_decoder", "id2label", "label2id", "num_labels", "problem_type", "task_specific_params",
            "tokenizer_class", "prefix",
        "finetuning_task", "torchscript", "unsloth_fixed", "unsloth_version", "chunk_size_feed_forward", "max_length", "min_length",
            "do_sample", "temperature", "top_k", "top_p",
        "num_beams", "num_return_sequences", "repetition_penalty", "length_penalty", "early_stopping", "diversity_penalty",
            "use_flash_attn", "attn_implementation",
        "num_beam_groups", "encoder_no_repeat_ngram_size", "no_repeat_ngram_size", "typical_p", "bad_words_ids", "sep_token_id", "ep_size",
            "_from_model_config",
        "resid_pdrop", "embd_pdrop", "attn_pdrop", "hidden_dropout", "resid_dropout", "embd_dropout", "is_llama_config",
            "transformers.js_config", "max_sequence_length",
        "model_max_length", "seq_length", "neftune_noise_alpha", "cache_implementation",
    };

    public static ModelConfig Read(ReadOnlyMemory<byte> json, string source)
    {
        var fields = ModelFile.ParseObject(json.Span, source);
        var reader = new ConfigFields(fields, source, "");
        var modelType = reader.Text("model_type")
            ?? throw new BadInputException($"{source}: model_type is missing; supported are {Architectures.Supported}.");
        if (!Architectures.TryGet(modelType, out var architecture))
        {
            throw new BadInputException($"{source}: model_type '{modelType}' is not supported; supported are {Architectures.Supported}.");
        }
        if (fields["architectures"] is JsonArray and [JsonValue first, ..] && first.TryGetValue<string>(out var named)
            && Architectures.OfClass(named) is { } other && other != modelType)
            throw reader.Error("architectures", named, $"{architecture.ClassName}, as model_type is '{modelType}'");
        reader.RefuseUnknown([.. Common, .. architecture.Fields], $" with model_type '{modelType}'", WithoutEffect);
        foreach (var field in (string[])["hidden_act", architecture.ActivationField])
            reader.MustBe(field, Activations[architecture.Activation]);
        reader.MustBe("use_sliding_window", false);
        reader.MustBe("use_bidirectional_attention", false);
        foreach (var field in (string[])["attn_logit_softcapping", "final_logit_softcapping"]) reader.MustBeNull(field);

        var hidden = reader.Positive("hidden_size");
        var heads = reader.Positive("num_attention_heads");
        var kvHeads =
            reader.Positive("num_key_value_heads",
                reader.Contains("num_key_value_heads") || architecture.KvHeads == 0 ? heads : architecture.KvHeads);
        if (heads % kvHeads != 0) throw reader.Error("num_key_value_heads", kvHeads, $"a divisor of num_attention_heads ({heads})");
        var latent = architecture.Latent ? ReadLatent(reader) : null;
        if (latent is not null && kvHeads != heads)
            throw reader.Error("num_key_value_heads", kvHeads, $"num_attention_heads ({heads}): latent attention has no groups");
        var layers = reader.Positive("num_hidden_layers");
        if (layers > MostLayers) throw reader.Error("num_hidden_layers", layers, $"a whole number up to {MostLayers}");
        if (architecture.Windows is null) reader.AllMustBe("layer_types", "full_attention", layers);
        var headDim = latent?.RopeDim ?? ReadHeadDim(reader, hidden, heads, architecture);
        var positions = reader.Positive("max_position_embeddings");
        var rope = RopeConfigJson.Read(reader, architecture.Rope, headDim, positions);
        var bias = reader.Flag("attention_bias", architecture.QkvBias);
        return new ModelConfig
        {
            ModelType = modelType,
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Latent = latent,
            Experts = architecture.Experts?.Read(reader, layers),
            Sliding = architecture.Windows?.Invoke(reader, layers),
            QueryScalar = architecture.QueryScalar > 0 ? reader.PositiveNumber("query_pre_attn_scalar", architecture.QueryScalar) : null,
            QkNorm = architecture.QkNorm,
            IntermediateSize = reader.Positive("intermediate_size"),
            VocabularySize = reader.Positive("vocab_size"),
            RmsNormEps = reader.PositiveNumber("rms_norm_eps", architecture.RmsNormEps),
            Rope = rope.Rope,
            LocalRope = rope.Local,
            RotatedShare = rope.RotatedShare,
            OriginalMaxPositions = rope.OriginalMaxPositions,
            MaxPositions = positions,
            TieWordEmbeddings = reader.Flag("tie_word_embeddings", architecture.Tied),
            ScoreHead = fields["architectures"] is JsonArray and [JsonValue name, ..] && name.TryGetValue<string>(out var className)
                && className.EndsWith(Scorer, StringComparison.Ordinal),
            QkvBias = architecture.QkvBias || bias,
            OutputBias = !architecture.QkvBias && bias,
            MlpBias = reader.Flag("mlp_bias", false),
            InitializerRange = reader.Has("initializer_range") ? reader.PositiveNumber("initializer_range", 0.02) : null,
            NextTokenLayers = reader.AtLeast("num_nextn_predict_layers", 0, 0),
            Float8Block = ReadBlock(reader),
            BosTokenId = reader.Id("bos_token_id"),
            EosTokenIds = ReadEndMarks(reader),
            PadTokenId = reader.Id("pad_token_id"),
        };
    }

    // An end mark that no completion can have would have all of them go on to their length limit.
    private static IReadOnlyList<int> ReadEndMarks(ConfigFields reader)
    {
        var (marks, size) = (reader.Ids("eos_token_id"), reader.Positive("vocab_size"));
        foreach (var mark in marks.Where(mark => mark >= size)) throw reader.Error("eos_token_id", mark, $"ids below vocab_size ({size})");
        return marks;
    }

    private static int ReadHeadDim(ConfigFields reader, int hidden, int heads, Architecture architecture)
    {
        var headDim = reader.Positive("head_dim", architecture.HeadDim);
        if (headDim == 0)
        {
            if (hidden % heads != 0)
                throw reader.Error("num_attention_heads", heads, $"a divisor of hidden_size ({hidden}) when head_dim is not given");
            headDim = hidden / heads;
        }
        return headDim % 2 == 0 ? headDim : throw reader.Error("head_dim", headDim, "an even number (rotary embedding turns pairs)");
    }

    private static LatentAttentionConfig ReadLatent(ConfigFields reader)
    {
        var rope = reader.Positive("qk_rope_head_dim", 64);
        if (rope % 2 != 0) throw reader.Error("qk_rope_head_dim", rope, "an even number (rotary embedding turns pairs)");
        return new LatentAttentionConfig(
            reader.Has("q_lora_rank") ? reader.Positive("q_lora_rank") : null, reader.Positive("kv_lora_rank", 512),
            reader.Positive("qk_nope_head_dim", 128), rope, reader.Positive("v_head_dim", 128), reader.Flag("rope_interleave", true));
    }

    // Which tensors are in 8 bits their own headers say; how activations were to be rounded, and in which form scales were once written,
    // changes no weight.
    private static readonly HashSet<string> Quantization = new(StringComparer.Ordinal)
    {
        "quant_method", "fmt", "weight_block_size", "activation_scheme", "scale_fmt", "modules_to_not_convert", "ignored_layers",
    };

    private static (int Rows, int Columns)? ReadBlock(ConfigFields reader)
    {
        if (reader.Section("quantization_config") is not { IsEmpty: false } quantization) return null;
        if (!quantization.Has("quant_method")) throw quantization.Error("quant_method", null, "fp8");
        quantization.MustBe("quant_method", "fp8");
        quantization.MustBe("fmt", "e4m3");
        quantization.MustBe("activation_scheme", "dynamic");
        quantization.RefuseUnknown(Quantization);
        return quantization.Ids("weight_block_size") switch
        {
            [] => throw quantization.Error("weight_block_size", null, "[rows, columns] above 0"),
            [> 0 and var rows, > 0 and var columns] => (rows, columns),
            var other => throw quantization.Error("weight_block_size", $"[{string.Join(", ", other)}]", "[rows, columns] above 0"),
        };
    }

    public static byte[] Write(ModelConfig config, string type)
    {
        var architecture = Architectures.Get(config.ModelType);
        var root = new JsonObject
        {
            ["architectures"] = new JsonArray(config.ScoreHead
                ? architecture.ClassName.Replace("ForCausalLM", Scorer, StringComparison.Ordinal) : architecture.ClassName),
            ["model_type"] = config.ModelType,
            [architecture.ActivationField] = Activations[architecture.Activation],
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["vocab_size"] = config.VocabularySize,
            ["max_position_embeddings"] = config.MaxPositions,
            ["rms_norm_eps"] = JsonFloat.Of(config.RmsNormEps),
        };
        RopeConfigJson.Write(root, config);
        root["tie_word_embeddings"] = config.TieWordEmbeddings;
        root["torch_dtype"] = type;
        WindowConfigJson.Write(root, config);
        if (config.QueryScalar is { } scalar) root["query_pre_attn_scalar"] = Whole(scalar);
        if (architecture.Fields.Contains("use_bidirectional_attention")) root["use_bidirectional_attention"] = false;
        if (architecture.Fields.Contains("attention_bias")) root["attention_bias"] = config.QkvBias;
        if (architecture.Fields.Contains("mlp_bias")) root["mlp_bias"] = config.MlpBias;
        if (architecture.Fields.Contains("use_sliding_window")) root["use_sliding_window"] = false;
        if (config.Latent is { } latent) Add(root, latent);
        if (config.Experts is { } experts) architecture.Experts!.Write(root, experts);
        if (config.ScoreHead) // how transformers knows that there is one label
        {
            root["id2label"] = new JsonObject { ["0"] = "LABEL_0" };
            root["label2id"] = new JsonObject { ["LABEL_0"] = 0 };
        }
        if (config.InitializerRange is { } range) root["initializer_range"] = JsonFloat.Of(range);
        if (config.BosTokenId is { } bos) root["bos_token_id"] = bos;
        if (config.PadTokenId is { } pad) root["pad_token_id"] = pad;
        if (config.EosTokenIds.Count == 1) root["eos_token_id"] = config.EosTokenIds[0];
        else if (config.EosTokenIds.Count > 1)
            root["eos_token_id"] = new JsonArray([.. config.EosTokenIds.Select(id => JsonValue.Create(id))]);
        return JsonSerializer.SerializeToUtf8Bytes(root, Indented);
    }

    // transformers declares an int, and takes a float where it is none.
    private static JsonNode Whole(double number) => double.IsInteger(number) ? JsonValue.Create((long)number) : JsonFloat.Of(number);

    private static void Add(JsonObject root, LatentAttentionConfig latent)
    {
        root["q_lora_rank"] = latent.QueryRank;
        root["kv_lora_rank"] = latent.KvRank;
        root["qk_nope_head_dim"] = latent.NopeDim;
        root["qk_rope_head_dim"] = latent.RopeDim;
        root["qk_head_dim"] = latent.QueryDim;
        root["v_head_dim"] = latent.ValueDim;
        root["rope_interleave"] = latent.Interleaved;
    }
}
