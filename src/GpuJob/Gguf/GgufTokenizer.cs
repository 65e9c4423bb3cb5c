using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>The tokenizer of a GGUF file in Hugging Face's form.</summary>
internal static class GgufTokenizer
{
    private const int Control = 3, UserDefined = 4, Unused = 5, LastType = 6;
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Its files by name: <c>tokenizer.json</c>, <c>tokenizer_config.json</c>, <c>generation_config.json</c>.</summary>
    /// <exception cref="Shared.BadInputException">There is none, or one of a kind that is not read.</exception>
    public static IReadOnlyDictionary<string, JsonObject> Files(GgufFile file)
    {
        var kind = file.Text(Prefix + "model");
        var tokens = file.Texts(Prefix + "tokens") ?? throw file.Error($"it has no tokenizer ({Prefix}tokens)");
        var types = file.Wholes(Prefix + "token_type") ?? [.. tokens.Select(_ => 1L)];
        if (types.Count != tokens.Count)
            throw file.Error($"{Prefix}token_type has {types.Count} entries, {Prefix}tokens {tokens.Count}");
        for (var id = 0; id < types.Count; id++)
            if (types[id] is < 0 or > LastType) throw file.Error($"{Prefix}token_type of {id} is {types[id]}: it must be 0 to {LastType}");
        var vocabulary = Vocabulary(file, tokens, types);
        var (parts, addsBos) = kind switch
        {
            "gpt2" => (BytePairs(file), false),
            "llama" => (SentencePieces(file, tokens, vocabulary), true),
            _ => throw file.Error($"{Prefix}model is '{kind}'; read are gpt2 (byte-level BPE) and llama (SentencePiece BPE)"),
        };
        addsBos = file.Flag(Prefix + "add_bos_token") ?? addsBos;
        var bos = Token(file, tokens, "bos");
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = Added(tokens, types),
            ["normalizer"] = parts.Normalizer,
            ["pre_tokenizer"] = parts.PreTokenizer,
            ["post_processor"] = addsBos && bos is { } begin ? BeginWith(begin.Text, begin.Id) : null,
            ["decoder"] = parts.Decoder,
            ["model"] = Model(parts, vocabulary),
        };
        return new Dictionary<string, JsonObject>
        {
            ["tokenizer.json"] = tokenizer,
            ["tokenizer_config.json"] = Settings(file, tokens, addsBos),
            ["generation_config.json"] = Generation(file, tokens),
        };
    }

    private static Dictionary<string, int> Vocabulary(GgufFile file, IReadOnlyList<string> tokens, IReadOnlyList<long> types)
    {
        var vocabulary = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++)
        {
            // They fill the embedding up to a round number: no text is one of them.
            if (types[id] == Unused) continue;
            if (!vocabulary.TryAdd(tokens[id], id))
                throw file.Error($"{Prefix}tokens: '{tokens[id]}' is both {vocabulary[tokens[id]]} and {id}");
        }
        return vocabulary;
    }

    private static TokenizerParts BytePairs(GgufFile file)
    {
        var merges = file.Texts(Prefix + "merges") ?? throw file.Error($"{Prefix}merges is missing");
        var split = file.Text(Prefix + "pre");
        var form = GgufSplits.Find(split) ?? throw file.Error($"{Prefix}pre is '{split}'; read are {GgufSplits.Names}");
        return new()
        {
            Merges = [.. merges.Select(merge => Pair(file, merge))],
            IgnoreMerges = form.IgnoreMerges,
            Normalizer = form.IsComposed ? new JsonObject { ["type"] = "NFC" } : null,
            PreTokenizer = form.PreTokenizer(),
            Decoder = new JsonObject
            {
                ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true,
            },
        };
    }

    // A space inside a merge is the two parts' boundary; parts have theirs as Ġ. The first character may be one by itself.
    private static (string Left, string Right) Pair(GgufFile file, string merge)
    {
        var space = merge.IndexOf(' ', merge.Length > 0 ? 1 : 0);
        return space > 0 && space < merge.Length - 1
            ? (merge[..space], merge[(space + 1)..]) : throw file.Error($"{Prefix}merges: '{merge}' is no pair");
    }

    private static TokenizerParts SentencePieces(GgufFile file, IReadOnlyList<string> tokens, Dictionary<string, int> vocabulary)
    {
        var scores = file.Numbers(Prefix + "scores") ?? throw file.Error($"{Prefix}scores is missing");
        if (scores.Count != tokens.Count) throw file.Error($"{Prefix}scores has {scores.Count} entries, {Prefix}tokens {tokens.Count}");
        var hasPrefix = file.Flag(Prefix + "add_space_prefix") ?? true;
        JsonObject Replace(string from, string to) =>
            new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = from }, ["content"] = to };
        var toMarks = Replace(" ", "▁");
        JsonNode[] decoders = [Replace("▁", " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" }];
        return new()
        {
            Merges = SentencePieceMerges.Of(vocabulary, scores),
            ByteFallback = true,
            Unknown = Token(file, tokens, "unknown")?.Text ?? "<unk>",
            Normalizer = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = hasPrefix
                    ? new JsonArray(new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" }, toMarks) : new JsonArray(toMarks),
            },
            Decoder = new JsonObject
            {
                ["type"] = "Sequence",
                ["decoders"] = new JsonArray(hasPrefix
                    ? [.. decoders, new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 }] : decoders),
            },
        };
    }

    private static JsonObject Model(TokenizerParts parts, Dictionary<string, int> vocabulary) => new()
    {
        ["type"] = "BPE",
        ["dropout"] = null,
        ["unk_token"] = parts.Unknown,
        ["continuing_subword_prefix"] = null,
        ["end_of_word_suffix"] = null,
        ["fuse_unk"] = parts.ByteFallback,
        ["byte_fallback"] = parts.ByteFallback,
        ["ignore_merges"] = parts.IgnoreMerges,
        ["vocab"] = new JsonObject(vocabulary.Select(token => KeyValuePair.Create(token.Key, (JsonNode?)token.Value))),
        ["merges"] = new JsonArray([.. parts.Merges.Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]),
    };

    private static JsonArray Added(IReadOnlyList<string> tokens, IReadOnlyList<long> types) =>
        new([.. Enumerable.Range(0, tokens.Count).Where(id => types[id] is Control or UserDefined).Select(id => (JsonNode)new JsonObject
        {
            ["id"] = id, ["content"] = tokens[id], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
            ["special"] = types[id] == Control,
        })]);

    private static JsonObject BeginWith(string text, int id)
    {
        JsonObject Special() => new() { ["SpecialToken"] = new JsonObject { ["id"] = text, ["type_id"] = 0 } };
        JsonObject Sequence(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        return new()
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special(), Sequence("A", 0)),
            ["pair"] = new JsonArray(Special(), Sequence("A", 0), Special(), Sequence("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [text] = new JsonObject { ["id"] = text, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(text) },
            },
        };
    }

    private static JsonObject Settings(GgufFile file, IReadOnlyList<string> tokens, bool addsBos)
    {
        var settings = new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false, ["add_bos_token"] = addsBos,
        };
        (string, string)[] marks = [("bos_token", "bos"), ("eos_token", "eos"), ("pad_token", "padding"), ("unk_token", "unknown")];
        foreach (var (field, key) in marks)
        {
            if (Token(file, tokens, key) is { } token) settings[field] = token.Text;
        }
        if (file.Text("tokenizer.chat_template") is { } template) settings["chat_template"] = template;
        return settings;
    }

    // A turn may end by a token of its own beside the text's.
    private static JsonObject Generation(GgufFile file, IReadOnlyList<string> tokens)
    {
        var generation = new JsonObject();
        var ends = new[] { "eos", "eot", "eom" }.Select(name => Token(file, tokens, name)?.Id).OfType<int>().Distinct().ToList();
        if (Token(file, tokens, "bos") is { } bos) generation["bos_token_id"] = bos.Id;
        if (ends.Count > 0) generation["eos_token_id"] = new JsonArray([.. ends.Select(id => (JsonNode)id)]);
        if (Token(file, tokens, "padding") is { } pad) generation["pad_token_id"] = pad.Id;
        return generation;
    }

    private static (string Text, int Id)? Token(GgufFile file, IReadOnlyList<string> tokens, string name)
    {
        var key = $"{Prefix}{name}_token_id";
        if (file.Whole(key) is not { } id) return null;
        return id < tokens.Count && id >= 0
            ? (tokens[(int)id], (int)id) : throw file.Error($"{key} is {id}; there are {tokens.Count} tokens");
    }

    private sealed record TokenizerParts
    {
        public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }
        public bool IgnoreMerges { get; init; }
        public bool ByteFallback { get; init; }
        public string? Unknown { get; init; }
        public JsonNode? Normalizer { get; init; }
        public JsonNode? PreTokenizer { get; init; }
        public required JsonNode Decoder { get; init; }
    }
}
