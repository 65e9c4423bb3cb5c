using System.Text;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Bpe;
using R1Cloud.Tokenizers.Decoders;
using R1Cloud.Tokenizers.Normalizers;
using R1Cloud.Tokenizers.PreTokenizers;

namespace R1Cloud.Tokenizers;

/// <summary>
/// A tokenizer of <c>tokenizer.json</c>: added tokens, then normaliser, pre-tokenizer, byte-pair encoding; and the decoder back. Safe for
/// several threads at once.
/// </summary>
internal sealed class HuggingFaceTokenizer : ITokenizer
{
    private readonly TokenizerFiles files;
    private readonly TokenizerParts parts;
    private readonly Splitters all, textOnly;
    private readonly string?[] tokens;
    private readonly HashSet<int> special;
    private readonly Lazy<int[]> eosIds;

    /// <summary>Puts a tokenizer together.</summary>
    public HuggingFaceTokenizer(TokenizerFiles files, TokenizerParts parts)
    {
        this.files = files;
        this.parts = parts;
        all = Splitters.Of(parts.Added, parts.Normalizer);
        textOnly = Splitters.Of(parts.Added.Where(token => !token.IsControl), parts.Normalizer);
        special = [.. parts.Added.Where(token => token.IsControl).Select(token => token.Id)];
        tokens = new string?[Math.Max(parts.Vocabulary.Values.DefaultIfEmpty(-1).Max(),
            parts.Added.Select(token => token.Id).DefaultIfEmpty(-1).Max()) + 1];
        foreach (var (token, id) in parts.Vocabulary) tokens[id] = token;
        foreach (var token in parts.Added) tokens[token.Id] = token.Content;
        eosIds = new(FindEosIds); // a folder without settings still encodes
        BosId = parts.Special.AddBos switch
        {
            true => Named("bos_token"),
            false => null,
            null => parts.Marks.Before is [var mark, ..] ? mark : null,
        };
    }

    /// <summary>The special tokens by name, for chat templates.</summary>
    public SpecialTokens Special => parts.Special;

    /// <summary>The files it came from.</summary>
    public TokenizerFiles Files => files;

    /// <inheritdoc/>
    public int VocabularySize => tokens.Length;

    /// <inheritdoc/>
    public bool HasToken(int id) => (uint)id < (uint)tokens.Length && tokens[id] is not null;

    /// <inheritdoc/>
    public int PadId => Named("pad_token") ?? EosId;

    /// <inheritdoc/>
    public int? BosId { get; }

    /// <inheritdoc/>
    public int EosId => EosIds[0];

    /// <inheritdoc/>
    public IReadOnlyList<int> EosIds => eosIds.Value;

    /// <inheritdoc/>
    public int[] Encode(string text) => Encode(text, all, guard: null);

    /// <inheritdoc/>
    public int[] EncodeText(string text) => Encode(text, textOnly, guard: null);

    /// <inheritdoc/>
    public int[] EncodeWithin(string before, string text, string after)
    {
        var guard = TextGuard.Absent([before, text, after]);
        return Encode(before + Guarded(text, guard) + after, guard);
    }

    /// <summary>
    /// The ids of a text whose special tokens are meant, but for those with a guard before them. Guards themselves have no ids.
    /// </summary>
    public int[] Encode(string text, char guard) => Encode(text, all, guard);

    /// <summary>Text that somebody wrote, with a guard before every special token that it spells out.</summary>
    public string Guarded(string text, char guard)
    {
        StringBuilder? guarded = null;
        foreach (var (start, end, id) in all.Any.Split(text))
        {
            if (id >= 0 && special.Contains(id)) (guarded ??= new StringBuilder(text.Length + 8).Append(text, 0, start)).Append(guard);
            guarded?.Append(text, start, end - start);
        }
        return guarded?.ToString() ?? text;
    }

    private int[] Encode(string text, Splitters added, char? guard)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        text = WellFormed(text);
        PieceHandler encode = (piece, _) => parts.Model.Encode(piece, ids);
        foreach (var (start, end, id) in added.Raw.Split(text, guard))
        {
            if (id >= 0) ids.Add(id);
            else EncodeNormalized(parts.Normalizer is null ? text.AsSpan(start..end) : parts.Normalizer.Normalize(text[start..end]),
                start == 0, ids, encode, added.Normalized, guard);
        }
        return [.. ids];
    }

    /// <inheritdoc/>
    public int[] EncodeMarked(string text)
    {
        var before = parts.Special.AddBos switch { true => BosId is { } bos ? [bos] : [], false => [], null => parts.Marks.Before };
        var after = parts.Special.AddEos switch { true => [EosId], false => [], null => parts.Marks.After };
        return [.. before, .. Encode(text), .. after];
    }

    /// <inheritdoc/>
    public StreamingDecoder Stream(bool keepSpecial = false) => new(parts.Decoder, id =>
        (uint)id >= (uint)tokens.Length || (!keepSpecial && special.Contains(id)) ? null : tokens[id]);

    /// <inheritdoc/>
    public void Save(string folder) => files.Save(folder);

    private void EncodeNormalized(ReadOnlySpan<char> text, bool atStart, List<int> ids, PieceHandler encode, AddedTokenSplitter added,
        char? guard)
    {
        foreach (var (start, end, id) in added.Split(text, guard))
        {
            var piece = text[start..end];
            if (guard is { } sign && piece.Contains(sign)) piece = TextGuard.Remove(piece.ToString(), sign);
            if (id >= 0) ids.Add(id);
            else if (parts.PreTokenizer is null) encode(piece, atStart && start == 0);
            else parts.PreTokenizer.Split(piece, atStart && start == 0, encode);
        }
    }

    private int[] FindEosIds()
    {
        int[] ids = [.. (Named("eos_token") is { } named ? [named] : (IEnumerable<int>)[]).Concat(parts.Special.EosIds).Distinct()];
        return ids.Length > 0 ? ids : throw new BadInputException(
            $"{files.FullName(TokenizerFiles.Settings)}: no token ends a completion: give 'eos_token' there or 'eos_token_id' "
            + $"in {TokenizerFiles.Generation}.");
    }

    private int? Named(string name) => !parts.Special.Names.TryGetValue(name, out var token)
        ? null
        : parts.Added.FirstOrDefault(added => added.Content == token)?.Id
            ?? (parts.Vocabulary.TryGetValue(token, out var id)
                ? id
                : throw new BadInputException($"{files.FullName(TokenizerFiles.Settings)}: field '{name}': '{token}' is not a token."));

    // Half a surrogate pair is not text: it becomes U+FFFD.
    private static string WellFormed(string text)
    {
        var at = 0;
        while (at < text.Length && !char.IsSurrogate(text[at])) at++;
        if (at == text.Length) return text;
        var built = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) built.Append(rune);
        return built.ToString();
    }

    // Tokens to look for in a text as it is, in a normalised one, and, as spelt, whichever they are.
    private sealed record Splitters(AddedTokenSplitter Raw, AddedTokenSplitter Normalized, AddedTokenSplitter Any)
    {
        public static Splitters Of(IEnumerable<AddedToken> tokens, INormalizer? normalizer)
        {
            var added = tokens.ToList();
            return new(
                new(added.Where(token => !token.Normalized).Select(token => (token.Content, token))),
                new(added.Where(token => token.Normalized).Select(token => (normalizer?.Normalize(token.Content) ?? token.Content, token))),
                new(added.Select(token => (token.Content, token with { SingleWord = false, StripLeft = false, StripRight = false }))));
        }
    }
}

/// <summary>What a tokenizer is made of.</summary>
/// <param name="Vocabulary">The model's tokens.</param>
/// <param name="Added">The added tokens.</param>
/// <param name="Normalizer">Changes texts, if anything does.</param>
/// <param name="PreTokenizer">Splits texts, if anything does.</param>
/// <param name="Model">Encodes pieces.</param>
/// <param name="Decoder">Decodes tokens.</param>
/// <param name="Marks">Begin and end marks.</param>
/// <param name="Special">What the files say about special tokens.</param>
internal sealed record TokenizerParts(
    Dictionary<string, int> Vocabulary, IReadOnlyList<AddedToken> Added, INormalizer? Normalizer, IPreTokenizer? PreTokenizer,
        BpeModel Model,
    DecoderPlan Decoder, TextMarks Marks, SpecialTokens Special);
