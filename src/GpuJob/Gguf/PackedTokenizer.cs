using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>A tokenizer in Hugging Face's form, as llama.cpp keeps it.</summary>
internal static class PackedTokenizer
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Adds a folder's tokenizer to a file.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="vocabulary">Ids that the model has; those without a token are filled up.</param>
    /// <param name="writer">The file.</param>
    /// <exception cref="BadInputException">llama.cpp has no such tokenizer; the message names what it is.</exception>
    public static void Add(string folder, int vocabulary, GgufWriter writer)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        var tokenizer = Read(path) ?? throw new BadInputException($"{path}: there is none; a GGUF file holds its tokenizer.");
        var model = tokenizer["model"] as JsonObject ?? throw new BadInputException($"{path}: model is missing.");
        if ((string?)model["type"] != "BPE")
            throw new BadInputException($"{path}: model.type is '{model["type"]}'; a GGUF file holds BPE alone.");
        var isPieces = (bool?)model["byte_fallback"] ?? false;
        var (tokens, types) = Tokens(tokenizer, model, vocabulary, isPieces, path);
        writer.Add(Prefix + "model", isPieces ? "llama" : "gpt2");
        writer.Add(Prefix + "tokens", tokens);
        writer.Add(Prefix + "token_type", types);
        var merges = Merges(model);
        if (isPieces)
        {
            writer.Add(Prefix + "scores", Scores(tokens, merges));
            writer.Add(Prefix + "add_space_prefix", Holds(tokenizer["normalizer"], "Prepend"));
        }
        else
        {
            var split = GgufSplits.Of(tokenizer["pre_tokenizer"]) ?? throw new BadInputException(
                $"{path}: llama.cpp knows no pre_tokenizer like {tokenizer["pre_tokenizer"]?.ToJsonString() ?? "none"}; known are those of "
                + $"{GgufSplits.Names}.");
            writer.Add(Prefix + "pre", split.Name);
            writer.Add(Prefix + "merges", [.. merges.Select(merge => $"{merge.Left} {merge.Right}")]);
        }
        AddMarks(folder, tokenizer, tokens, writer);
    }

    private static (string[] Tokens, int[] Types) Tokens(JsonObject tokenizer, JsonObject model, int vocabulary, bool isPieces, string path)
    {
        var tokens = new string?[vocabulary];
        var types = new int[vocabulary];
        void Put(string text, int id, int type)
        {
            if (id < 0 || id >= vocabulary)
                throw new BadInputException($"{path}: '{text}' has the id {id}; the model has {vocabulary} (vocab_size).");
            (tokens[id], types[id]) = (text, type);
        }
        foreach (var (text, id) in model["vocab"]!.AsObject())
            Put(text, (int)id!, isPieces && text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) ? Byte : Normal);
        foreach (var added in tokenizer["added_tokens"]?.AsArray() ?? [])
            Put((string)added!["content"]!, (int)added["id"]!, (bool?)added["special"] ?? false ? Control : UserDefined);
        if (isPieces && (string?)model["unk_token"] is { } unknown && Array.IndexOf(tokens, unknown) is >= 0 and var at)
            types[at] = Unknown;
        for (var id = 0; id < vocabulary; id++)
        {
            if (tokens[id] is null) Put(FormattableString.Invariant($"[PAD{id}]"), id, Unused);
        }
        return ([.. tokens.Select(token => token!)], types);
    }

    private static List<(string Left, string Right)> Merges(JsonObject model) =>
        [.. model["merges"]!.AsArray().Select(merge => merge is JsonArray pair
            ? ((string)pair[0]!, (string)pair[1]!) : Split((string)merge!))];

    private static (string Left, string Right) Split(string merge)
    {
        var space = merge.IndexOf(' ', 1);
        return (merge[..space], merge[(space + 1)..]);
    }

    // Tokens by when they are first merged: the earlier, the better.
    private static float[] Scores(string[] tokens, List<(string Left, string Right)> merges)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, merge) in merges.Index()) ranks.TryAdd(merge.Left + merge.Right, index);
        return [.. tokens.Select(token => ranks.TryGetValue(token, out var rank) ? -1f - rank : 0)];
    }

    private static void AddMarks(string folder, JsonObject tokenizer, string[] tokens, GgufWriter writer)
    {
        var settings = Read(Path.Combine(folder, "tokenizer_config.json")) ?? [];
        var generation = Read(Path.Combine(folder, "generation_config.json")) ?? [];
        (string, string)[] marks = [("bos", "bos_token"), ("eos", "eos_token"), ("padding", "pad_token"), ("unknown", "unk_token")];
        foreach (var (name, field) in marks)
        {
            var text = settings[field] is JsonObject token ? (string?)token["content"] : (string?)settings[field];
            if (text is not null && Array.IndexOf(tokens, text) is >= 0 and var id) writer.Add($"{Prefix}{name}_token_id", id);
        }
        // A turn may end by another token than a text.
        var eos = settings["eos_token"] is JsonObject end ? (string?)end["content"] : (string?)settings["eos_token"];
        if (generation["eos_token_id"] is JsonArray ends
            && ends.Select(id => (int)id!).FirstOrDefault(id => tokens[id] != eos, -1) is >= 0 and var turn)
            writer.Add(Prefix + "eot_token_id", turn);
        writer.Add(Prefix + "add_bos_token", (bool?)settings["add_bos_token"] ?? Holds(tokenizer["post_processor"], "TemplateProcessing"));
        var template = Path.Combine(folder, "chat_template.jinja");
        var chat = File.Exists(template) ? File.ReadAllText(template)
            : settings["chat_template"] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? (string?)value : null;
        if (chat is not null) writer.Add("tokenizer.chat_template", chat);
    }

    private static bool Holds(JsonNode? part, string type) =>
        part?.ToJsonString().Contains($"\"{type}\"", StringComparison.Ordinal) ?? false;

    private static JsonObject? Read(string path) => File.Exists(path) ? JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject : null;
}
