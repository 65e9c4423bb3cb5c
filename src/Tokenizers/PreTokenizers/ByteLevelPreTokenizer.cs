using System.Text;
using R1Cloud.Tokenizers.Patterns;

namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>GPT-2's bytes: pieces by its pattern, each byte of their UTF-8 written as one visible character.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : IPreTokenizer
{
    private static readonly Lazy<SplitPreTokenizer> Gpt2 = new(() => new SplitPreTokenizer(
        CodePointRegex.Of(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), SplitBehavior.Isolated,
            invert: false));

    /// <summary>Whether this only writes bytes, which the encoder of the pieces may do as well.</summary>
    public bool OnlyMapsBytes => !addPrefixSpace && !useRegex;

    /// <inheritdoc/>
    public void Split(ReadOnlySpan<char> text, bool atStart, PieceHandler next)
    {
        if (addPrefixSpace && text is not [' ', ..]) text = string.Concat(" ", text);
        PieceHandler map = (piece, first) =>
        {
            var mapped = new char[Encoding.UTF8.GetMaxByteCount(piece.Length)];
            next(mapped.AsSpan(0, ByteAlphabet.Write(piece, mapped)), first);
        };
        if (useRegex) Gpt2.Value.Split(text, atStart, map);
        else map(text, atStart);
    }
}
