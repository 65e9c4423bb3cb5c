using System.Text;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.PreTokenizers;

namespace R1Cloud.Tokenizers.Bpe;

/// <summary>What a BPE model's flags say.</summary>
/// <param name="IgnoreMerges">Whether a piece that is a token is taken whole, whatever the merges say.</param>
/// <param name="ByteFallback">Whether a character without a token becomes its bytes' tokens.</param>
/// <param name="UnknownToken">The token of what has none, or null.</param>
/// <param name="FuseUnknown">Whether neighbouring unknown characters are one token.</param>
/// <param name="SubwordPrefix">What tokens within a word begin with.</param>
/// <param name="WordSuffix">What tokens at a word's end end with.</param>
/// <param name="MapsBytes">Whether pieces are written in the byte alphabet first.</param>
internal sealed record BpeOptions(bool IgnoreMerges, bool ByteFallback, string? UnknownToken, bool FuseUnknown, string SubwordPrefix,
    string WordSuffix, bool MapsBytes);

/// <summary>A byte-pair encoding: pieces to token ids, as Hugging Face's <c>BPE</c> model does it.</summary>
internal sealed class BpeModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> vocabulary;
    private readonly PairTable merges;
    private readonly BpeOptions options;
    private readonly PieceCache cache = new();
    private readonly int[] latin = new int[0x180];
    private readonly int[]? bytes;
    private readonly int unknown = -1;

    /// <summary>Makes a model of a vocabulary and its merges.</summary>
    /// <exception cref="BadInputException">A token that the options name is missing.</exception>
    public BpeModel(string file, Dictionary<string, int> vocabulary, PairTable merges, BpeOptions options)
    {
        this.vocabulary = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        this.merges = merges;
        this.options = options;
        for (var i = 0; i < latin.Length; i++) latin[i] = vocabulary.GetValueOrDefault(((char)i).ToString(), -1);
        if (options.UnknownToken is { } token && !vocabulary.TryGetValue(token, out unknown))
            throw new BadInputException($"{file}: field 'model.unk_token': '{token}' is not in the vocabulary.");
        if (!options.ByteFallback) return;
        bytes = [.. Enumerable.Range(0, 256).Select(value => vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1))];
    }

    /// <summary>Adds the ids of a piece.</summary>
    /// <exception cref="BadInputException">The piece holds something that the vocabulary lacks.</exception>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.IsEmpty) return;
        if (cache.TryGet(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }
        int[] encoded;
        if (options.MapsBytes)
        {
            var mapped = new char[Encoding.UTF8.GetMaxByteCount(piece.Length)];
            encoded = EncodeWord(mapped.AsSpan(0, ByteAlphabet.Write(piece, mapped)));
        }
        else
        {
            encoded = EncodeWord(piece);
        }
        cache.Set(piece, encoded);
        ids.AddRange(encoded);
    }

    private int[] EncodeWord(ReadOnlySpan<char> word)
    {
        if (options.IgnoreMerges && vocabulary.TryGetValue(word, out var whole)) return [whole];
        var symbols = new int[options.ByteFallback ? word.Length * 3 : word.Length];
        var count = options.SubwordPrefix.Length == 0 && options.WordSuffix.Length == 0
            ? Symbols(word, symbols) : AffixedSymbols(word, symbols);
        count = BpeMerger.Merge(symbols.AsSpan(0, count), merges);
        return symbols[..count];
    }

    private int Symbols(ReadOnlySpan<char> word, int[] symbols)
    {
        var count = 0;
        var pendingUnknown = false;
        for (var i = 0; i < word.Length;)
        {
            var length = char.IsHighSurrogate(word[i]) && i + 1 < word.Length ? 2 : 1;
            var character = word.Slice(i, length);
            i += length;
            var id = character[0] < latin.Length ? latin[character[0]] : vocabulary.TryGetValue(character, out var found) ? found : -1;
            Add(character, id, symbols, ref count, ref pendingUnknown);
        }
        if (pendingUnknown) symbols[count++] = unknown;
        return count;
    }

    private int AffixedSymbols(ReadOnlySpan<char> word, int[] symbols)
    {
        var count = 0;
        var pendingUnknown = false;
        for (var i = 0; i < word.Length;)
        {
            var length = char.IsHighSurrogate(word[i]) && i + 1 < word.Length ? 2 : 1;
            var symbol =
                $"{(i > 0 ? options.SubwordPrefix : "")}{word.Slice(i, length)}{(i + length == word.Length ? options.WordSuffix : "")}";
            i += length;
            Add(symbol, vocabulary.TryGetValue(symbol, out var found) ? found : -1, symbols, ref count, ref pendingUnknown);
        }
        if (pendingUnknown) symbols[count++] = unknown;
        return count;
    }

    private void Add(ReadOnlySpan<char> symbol, int id, int[] symbols, ref int count, ref bool pendingUnknown)
    {
        if (id >= 0)
        {
            if (pendingUnknown) symbols[count++] = unknown;
            pendingUnknown = false;
            symbols[count++] = id;
        }
        else if (bytes is not null && AddBytes(symbol, symbols, ref count))
        {
            // Like Hugging Face, an unknown before this stays pending and comes after the bytes.
        }
        else if (unknown < 0)
        {
            throw new BadInputException($"'{symbol}' has no token in the vocabulary, which has no unknown token either.");
        }
        else
        {
            if (pendingUnknown && !options.FuseUnknown) symbols[count++] = unknown;
            pendingUnknown = true;
        }
    }

    private bool AddBytes(ReadOnlySpan<char> symbol, int[] symbols, ref int count)
    {
        Span<byte> utf8 = stackalloc byte[64];
        if (!Encoding.UTF8.TryGetBytes(symbol, utf8, out var length)) return false;
        for (var i = 0; i < length; i++)
        {
            if (bytes![utf8[i]] < 0) return false;
        }
        for (var i = 0; i < length; i++) symbols[count++] = bytes![utf8[i]];
        return true;
    }
}
