using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Decoders;

namespace R1Cloud.Tokenizers;

/// <summary>
/// One token a character, and one a tag: the smallest vocabulary that can think and answer. Its <c>tokenizer.json</c> is a Hugging Face
/// word-level model over single characters, so other tools read it too.
/// </summary>
internal sealed class SymbolTokenizer : ITokenizer
{
    private const string FileName = "tokenizer.json", Pad = "<pad>", Eos = "<eos>", Bos = "<bos>";

    /// <summary>The R1 tags, single tokens.</summary>
    internal static readonly string[] Tags = ["<think>", "</think>", "<answer>", "</answer>"];

    private readonly string[] tokens;
    private readonly Dictionary<string, int> ids;
    private readonly int marks;

    /// <summary>Makes the vocabulary: marks, tags, then the characters in the given order.</summary>
    /// <param name="characters">Every character that texts may hold, each once.</param>
    public SymbolTokenizer(string characters)
        : this([Pad, Eos, Bos, .. Tags, .. characters.Select(c => c.ToString())])
    {
    }

    private SymbolTokenizer(string[] tokens)
    {
        this.tokens = tokens;
        marks = Array.FindLastIndex(tokens, token => token.Length > 1) + 1;
        ids = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        PadId = ids[Pad];
        EosId = ids[Eos];
        BosId = ids[Bos];
    }

    /// <inheritdoc/>
    public int VocabularySize => tokens.Length;

    /// <inheritdoc/>
    public int PadId { get; }

    /// <inheritdoc/>
    public int? BosId { get; }

    /// <inheritdoc/>
    public int EosId { get; }

    /// <inheritdoc/>
    public int[] Encode(string text) => Encode(text, special: true);

    /// <inheritdoc/>
    public int[] EncodeText(string text) => Encode(text, special: false);

    private int[] Encode(string text, bool special)
    {
        var encoded = new List<int>(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var id = MarkAt(text, at, special) ?? (ids.TryGetValue(text[at].ToString(), out var character)
                ? character
                : throw new BadInputException(
                    $"Text '{text}': character '{text[at]}' at {at} is not in the vocabulary ({string.Concat(tokens[marks..])})."));
            encoded.Add(id);
            at += tokens[id].Length;
        }
        return [.. encoded];
    }

    /// <inheritdoc/>
    public StreamingDecoder Stream(bool keepSpecial = false) => new(DecoderPlan.Plain, id =>
        id < 0 || id >= tokens.Length || (!keepSpecial && IsSpecial(id)) ? null : tokens[id]);

    /// <inheritdoc/>
    public void Save(string folder)
    {
        var added = tokens.Take(marks).Select((token, id) => (JsonNode)new JsonObject
        {
            ["id"] = id, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
            ["normalized"] = false, ["special"] = token is Pad or Eos or Bos,
        });
        var model = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = "[\\s\\S]" }, ["behavior"] = "Isolated", ["invert"] = false,
            },
            ["post_processor"] = null, // some readers ask for the field
            ["decoder"] = new JsonObject { ["type"] = "Fuse" },
            ["model"] = new JsonObject
            {
                ["type"] = "WordLevel",
                ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["unk_token"] = Pad,
            },
        };
        File.WriteAllText(Path.Combine(folder, FileName), model.ToJsonString(R1Json.Indented));
        var settings = new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast", ["pad_token"] = Pad, ["eos_token"] = Eos, ["bos_token"] = Bos,
            ["clean_up_tokenization_spaces"] = false,
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), settings.ToJsonString(R1Json.Indented));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="BadInputException">The file is missing or is not such a tokenizer.</exception>
    public static SymbolTokenizer Load(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            var vocabulary = JsonNode.Parse(File.ReadAllText(file))?["model"]?["vocab"]?.AsObject()
                ?? throw new BadInputException($"{file}: field 'model.vocab' is missing.");
            var loaded = new string[vocabulary.Count];
            foreach (var (token, id) in vocabulary) loaded[(int)id!] = token;
            if (Array.Exists(loaded, string.IsNullOrEmpty))
                throw new BadInputException($"{file}: not a symbol tokenizer: a token is empty, or an id is two tokens'.");
            return new SymbolTokenizer(loaded);
        }
        catch (Exception e)
            when (e is IOException or System.Text.Json.JsonException or InvalidOperationException or IndexOutOfRangeException
                or KeyNotFoundException or ArgumentNullException)
        {
            throw new BadInputException($"{file}: not a symbol tokenizer: {e.Message}", e);
        }
    }

    private bool IsSpecial(int id) => id == PadId || id == EosId || id == BosId;

    private int? MarkAt(string text, int at, bool special)
    {
        if (text[at] != '<') return null;
        for (var id = 0; id < marks; id++)
        {
            if ((special || !IsSpecial(id)) && string.CompareOrdinal(text, at, tokens[id], 0, tokens[id].Length) == 0) return id;
        }
        return null;
    }
}
