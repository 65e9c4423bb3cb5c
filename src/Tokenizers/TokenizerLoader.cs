using System.Globalization;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers.Bpe;
using R1Cloud.Tokenizers.Decoders;
using R1Cloud.Tokenizers.Json;
using R1Cloud.Tokenizers.Normalizers;
using R1Cloud.Tokenizers.PreTokenizers;

namespace R1Cloud.Tokenizers;

/// <summary>Loads the tokenizer of a model folder, whichever it is.</summary>
internal static class TokenizerLoader
{
    private static readonly Dictionary<string, Func<TokenizerFiles, Component, ITokenizer>> Models = new()
    {
        ["BPE"] = LoadBpe,
        ["WordLevel"] = (files, _) => SymbolTokenizer.Load(Path.GetDirectoryName(files.FullName(TokenizerFiles.Tokenizer))!),
    };

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="folder">A folder in Hugging Face layout, with a <c>tokenizer.json</c>.</param>
    /// <exception cref="BadInputException">A file is missing or malformed, or it asks for something that is not supported.</exception>
    public static ITokenizer Load(string folder) => ModelFile.Guard(Path.Combine(folder, TokenizerFiles.Tokenizer), () => LoadFrom(folder));

    private static ITokenizer LoadFrom(string folder)
    {
        var files = TokenizerFiles.Read(folder);
        var root = files.Json(TokenizerFiles.Tokenizer)!;
        var model = root.Field("model");
        // Old files do not name the type of their model.
        var type = model.Text("type", model.Has("merges") ? "BPE" : "none");
        return Models.TryGetValue(type, out var load)
            ? load(files, root)
            : throw new BadInputException(
                $"{root.File}: model: type '{type}' is not supported; supported: {string.Join(", ", Models.Keys)}.");
    }

    private static HuggingFaceTokenizer LoadBpe(TokenizerFiles files, Component root)
    {
        var vocabulary = BpeModelReader.Vocabulary(root.Field("model"));
        var preTokenizer = root.Optional("pre_tokenizer") is { } part ? PreTokenizerRegistry.Create(part) : null;
        var mapsBytes = TakeByteLevel(ref preTokenizer);
        var added = Added(root, files.Json(TokenizerFiles.Settings));
        TokenIds.RequireOneEach(
            [.. vocabulary.Select(token => (token.Key, token.Value, root.File)),
                .. added.Select(token => (token.Token.Content, token.Token.Id, token.File))]);
        var processor = root.Optional("post_processor");
        if (processor is not null)
        {
            var ids = new Dictionary<string, int>(vocabulary, StringComparer.Ordinal);
            foreach (var (token, _) in added) ids[token.Content] = token.Id;
            TextMarks.Require(processor, ids);
        }
        return new HuggingFaceTokenizer(files, new TokenizerParts(
            vocabulary,
            [.. added.Select(token => token.Token).DistinctBy(token => token.Content)],
            root.Optional("normalizer") is { } normalizer ? NormalizerRegistry.Create(normalizer) : null,
            preTokenizer,
            BpeModelReader.Read(root.Field("model"), vocabulary, mapsBytes),
            root.Optional("decoder") is { } decoder ? DecoderRegistry.Create(decoder) : DecoderPlan.Plain with { Separator = " " },
            processor is null ? TextMarks.None : TextMarks.Create(processor),
            SpecialTokens.Read(files)));
    }

    // A last step that only writes bytes is left to the model, which need not do it for pieces that it knows.
    private static bool TakeByteLevel(ref IPreTokenizer? preTokenizer)
    {
        if (preTokenizer is ByteLevelPreTokenizer { OnlyMapsBytes: true })
        {
            preTokenizer = null;
            return true;
        }
        if (preTokenizer is not SequencePreTokenizer { Steps: [.., ByteLevelPreTokenizer { OnlyMapsBytes: true }] steps }) return false;
        preTokenizer = steps.Count == 2 ? steps[0] : new SequencePreTokenizer([.. steps.SkipLast(1)]);
        return true;
    }

    // The tokenizer's added tokens, and those that only its settings name, as transformers adds them.
    private static List<(AddedToken Token, string File)> Added(Component root, Component? settings)
    {
        List<(AddedToken Token, string File)> added = root.Has("added_tokens")
            ? [.. root.Items("added_tokens").Select(part => (AddedToken.Read(part), part.File))] : [];
        if (settings?.Optional("added_tokens_decoder") is not { Element.ValueKind: JsonValueKind.Object } more) return added;
        foreach (var entry in more.Element.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || !TokenIds.IsOne(id))
                throw new BadInputException($"{more.File}: field '{more.Path}': the key '{entry.Name}' is not {TokenIds.Allowed}.");
            var named = more.Field(entry.Name);
            var token = AddedToken.Read(named, id);
            if (added.Find(other => other.Token.Content == token.Content).Token is { } known) RequireSame(known, token, named, root.File);
            added.Add((token, more.File));
        }
        return added;
    }

    // What decides whether text means the token, and what of the text around it.
    private static void RequireSame(AddedToken known, AddedToken token, Component settings, string file)
    {
        foreach (var (flag, one, other) in new[]
        {
            ("special", known.Special, token.Special), ("lstrip", known.StripLeft, token.StripLeft),
            ("rstrip", known.StripRight, token.StripRight), ("single_word", known.SingleWord, token.SingleWord),
            ("normalized", known.Normalized, token.Normalized),
        })
        {
            if (one == other || !settings.Has(flag)) continue;
            throw new BadInputException(
                $"{settings.File}: {settings.Path}: {flag} of '{token.Content}' is {Text(other)}, and that of {Path.GetFileName(file)} is "
                + $"{Text(one)}: they must be the same.");
        }

        static string Text(bool flag) => flag ? "true" : "false";
    }
}
