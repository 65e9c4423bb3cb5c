using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>How texts are split before byte-level BPE, by the name that llama.cpp gives it (<c>tokenizer.ggml.pre</c>).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Pattern">What one piece is; null for GPT-2's own.</param>
/// <param name="SingleDigits">Whether each digit is a piece of its own first.</param>
/// <param name="IsComposed">Whether texts are brought into Unicode's composed form first.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token is that token, whatever the merges say.</param>
internal sealed record GgufSplits(
    string Name, string? Pattern, bool SingleDigits = false, bool IsComposed = false, bool IgnoreMerges = false)
{
    private const string Words = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
    private const string Rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static readonly GgufSplits[] All =
    [
        new("gpt-2", null),
        new("smollm", null, SingleDigits: true),
        new("qwen2", $"{Words}\\p{{N}}{Rest}", IsComposed: true),
        new("llama-bpe", $"{Words}\\p{{N}}{{1,3}}{Rest}", IgnoreMerges: true),
    ];

    // Other names for the same.
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["deepseek-r1-qwen"] = "qwen2", ["llama3"] = "llama-bpe", ["llama-v3"] = "llama-bpe",
    };

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", All.Select(split => split.Name).Concat(Aliases.Keys));

    /// <summary>One by its name; null for another.</summary>
    public static GgufSplits? Find(string? name) =>
        name is null ? null : Array.Find(All, split => split.Name == Aliases.GetValueOrDefault(name, name));

    /// <summary>The one that a tokenizer in Hugging Face's form has; null for another.</summary>
    public static GgufSplits? Of(JsonNode? preTokenizer)
    {
        var sought = WithoutOffsets(preTokenizer);
        return Array.Find(All, split => JsonNode.DeepEquals(WithoutOffsets(split.PreTokenizer()), sought));
    }

    // How places in the text are counted changes no token.
    private static JsonNode? WithoutOffsets(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Where(field => field.Key != "trim_offsets")
            .Select(field => KeyValuePair.Create(field.Key, WithoutOffsets(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(WithoutOffsets)]),
        _ => node?.DeepClone(),
    };

    /// <summary>Hugging Face's form.</summary>
    public JsonObject PreTokenizer()
    {
        JsonObject Bytes(bool regex) => new()
        {
            ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = regex, ["use_regex"] = regex,
        };
        if (Pattern is null && !SingleDigits) return Bytes(true);
        JsonObject first = Pattern is null
            ? new() { ["type"] = "Digits", ["individual_digits"] = true }
            : new()
            {
                ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Pattern }, ["behavior"] = "Isolated", ["invert"] = false,
            };
        return new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(first, Bytes(Pattern is null)) };
    }
}
