using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Models;

/// <summary>Reads and writes <see cref="ModelConfig"/> in the spelling of Hugging Face, that of transformers 5 included.</summary>
internal static class ModelConfigJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static ModelConfig Read(ReadOnlyMemory<byte> json, string source)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json.Span, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException error)
        {
            throw new BadInputException($"{source}: not valid JSON: {error.Message}", error);
        }
        if (root is not JsonObject fields) throw new BadInputException($"{source}: must be a JSON object.");

        var reader = new FieldReader(fields, source, "");
        var modelType = reader.Text("model_type") ?? throw new BadInputException($"{source}: model_type is missing; supported are {Architectures.Supported}.");
        if (!Architectures.TryGet(modelType, out var architecture))
        {
            throw new BadInputException($"{source}: model_type '{modelType}' is not supported; supported are {Architectures.Supported}.");
        }
        reader.MustBe("hidden_act", "silu");
        reader.MustBe("mlp_bias", false);
        reader.MustBe("use_sliding_window", false);

        var hidden = reader.Positive("hidden_size");
        var heads = reader.Positive("num_attention_heads");
        var kvHeads = reader.Positive("num_key_value_heads", heads);
        if (heads % kvHeads != 0) throw reader.Error("num_key_value_heads", kvHeads, $"a divisor of num_attention_heads ({heads})");
        var headDim = reader.Positive("head_dim", 0);
        if (headDim == 0)
        {
            if (hidden % heads != 0) throw reader.Error("num_attention_heads", heads, $"a divisor of hidden_size ({hidden}) when head_dim is not given");
            headDim = hidden / heads;
        }
        if (headDim % 2 != 0) throw reader.Error("head_dim", headDim, "an even number (rotary embedding turns pairs)");

        var bias = reader.Flag("attention_bias", architecture.QkvBias);
        return new ModelConfig
        {
            ModelType = modelType,
            HiddenSize = hidden,
            Layers = reader.Positive("num_hidden_layers"),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            IntermediateSize = reader.Positive("intermediate_size"),
            VocabularySize = reader.Positive("vocab_size"),
            RmsNormEps = reader.PositiveNumber("rms_norm_eps", 1e-6),
            Rope = ReadRope(reader),
            MaxPositions = reader.Positive("max_position_embeddings", 2048),
            TieWordEmbeddings = reader.Flag("tie_word_embeddings", false),
            QkvBias = architecture.QkvBias || bias,
            OutputBias = !architecture.QkvBias && bias,
            InitializerRange = reader.Has("initializer_range") ? reader.PositiveNumber("initializer_range", 0.02) : null,
            BosTokenId = reader.Id("bos_token_id"),
            EosTokenIds = reader.Ids("eos_token_id"),
            PadTokenId = reader.Id("pad_token_id"),
        };
    }

    private static RopeConfig ReadRope(FieldReader reader)
    {
        // transformers 5 puts everything under rope_parameters; before, rope_theta stood at the root beside rope_scaling.
        var parameters = reader.Section("rope_parameters");
        var scaling = parameters ?? reader.Section("rope_scaling");
        var theta = parameters is not null && parameters.Has("rope_theta")
            ? parameters.PositiveNumber("rope_theta", 10000)
            : reader.PositiveNumber("rope_theta", 10000);
        if (scaling is null) return new RopeConfig { Theta = theta };

        var type = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        return type switch
        {
            "default" => new RopeConfig { Theta = theta },
            "llama3" => new RopeConfig
            {
                Theta = theta,
                Llama3 = new Llama3RopeScaling(
                    scaling.PositiveNumber("factor", 8), scaling.PositiveNumber("low_freq_factor", 1),
                    scaling.PositiveNumber("high_freq_factor", 4), scaling.Positive("original_max_position_embeddings")),
            },
            _ => throw scaling.Error("rope_type", type, "'default' or 'llama3'"),
        };
    }

    public static byte[] Write(ModelConfig config)
    {
        var rope = new JsonObject { ["rope_type"] = config.Rope.Llama3 is null ? "default" : "llama3" };
        if (config.Rope.Llama3 is { } llama3)
        {
            rope["factor"] = llama3.Factor;
            rope["low_freq_factor"] = llama3.LowFrequencyFactor;
            rope["high_freq_factor"] = llama3.HighFrequencyFactor;
            rope["original_max_position_embeddings"] = llama3.OriginalMaxPositions;
        }
        var parameters = rope.DeepClone().AsObject();
        parameters["rope_theta"] = config.Rope.Theta;

        var root = new JsonObject
        {
            ["architectures"] = new JsonArray(Architectures.Get(config.ModelType).ClassName),
            ["model_type"] = config.ModelType,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["vocab_size"] = config.VocabularySize,
            ["max_position_embeddings"] = config.MaxPositions,
            ["rms_norm_eps"] = config.RmsNormEps,
            ["rope_theta"] = config.Rope.Theta,
            ["rope_scaling"] = config.Rope.Llama3 is null ? null : rope,
            ["rope_parameters"] = parameters,
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["attention_bias"] = config.QkvBias,
            ["torch_dtype"] = "float32",
        };
        if (config.InitializerRange is { } range) root["initializer_range"] = range;
        if (config.BosTokenId is { } bos) root["bos_token_id"] = bos;
        if (config.PadTokenId is { } pad) root["pad_token_id"] = pad;
        if (config.EosTokenIds.Count == 1) root["eos_token_id"] = config.EosTokenIds[0];
        else if (config.EosTokenIds.Count > 1) root["eos_token_id"] = new JsonArray([.. config.EosTokenIds.Select(id => JsonValue.Create(id))]);
        return JsonSerializer.SerializeToUtf8Bytes(root, Indented);
    }

    /// <summary>Fields of one JSON object, with errors that name file, field, value and what is allowed.</summary>
    private sealed class FieldReader(JsonObject fields, string source, string prefix)
    {
        public bool Has(string name) => fields[name] is not null;

        public BadInputException Error(string name, object? value, string allowed) =>
            new($"{source}: {prefix}{name} is {value ?? "missing"}; allowed is {allowed}.");

        public FieldReader? Section(string name) => fields[name] switch
        {
            null => null,
            JsonObject section => new FieldReader(section, source, $"{prefix}{name}."),
            var other => throw Error(name, other.ToJsonString(), "an object"),
        };

        public string? Text(string name) => fields[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            var other => throw Error(name, other.ToJsonString(), "a string"),
        };

        public int Positive(string name, int? otherwise = null)
        {
            if (fields[name] is null) return otherwise ?? throw Error(name, null, "a whole number above 0");
            return fields[name] is JsonValue value && value.TryGetValue<int>(out var number) && number > 0
                ? number
                : throw Error(name, fields[name]!.ToJsonString(), "a whole number above 0");
        }

        public double PositiveNumber(string name, double otherwise)
        {
            if (fields[name] is null) return otherwise;
            return fields[name] is JsonValue value && value.TryGetValue<double>(out var number) && number > 0 && double.IsFinite(number)
                ? number
                : throw Error(name, fields[name]!.ToJsonString(), "a number above 0");
        }

        public bool Flag(string name, bool otherwise)
        {
            if (fields[name] is null) return otherwise;
            return fields[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : throw Error(name, fields[name]!.ToJsonString(), "true or false");
        }

        public int? Id(string name) => Ids(name) switch { [] => null, [var only] => only, _ => throw Error(name, fields[name]!.ToJsonString(), "one token id") };

        public IReadOnlyList<int> Ids(string name)
        {
            if (fields[name] is null) return [];
            IEnumerable<JsonNode?> nodes = fields[name] as JsonArray ?? (IEnumerable<JsonNode?>)new[] { fields[name] };
            return [.. nodes.Select(node => node is JsonValue value && value.TryGetValue<int>(out var id) && id >= 0
                ? id
                : throw Error(name, fields[name]!.ToJsonString(), "a token id or a list of them"))];
        }

        public void MustBe<T>(string name, T only)
            where T : notnull
        {
            if (fields[name] is null) return;
            if (fields[name] is not JsonValue value || !value.TryGetValue<T>(out var found) || !found.Equals(only))
            {
                throw Error(name, fields[name]!.ToJsonString(), $"{only.ToString()!.ToLowerInvariant()}");
            }
        }
    }
}
