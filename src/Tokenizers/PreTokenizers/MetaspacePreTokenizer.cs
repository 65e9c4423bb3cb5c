using R1Cloud.Tokenizers.Json;
using R1Cloud.Tokenizers.Patterns;

namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>SentencePiece's way with spaces: they become a visible mark, which begins each word.</summary>
internal sealed class MetaspacePreTokenizer(char mark, PrependScheme prepend, bool split) : IPreTokenizer
{
    private static readonly Dictionary<string, PrependScheme> Schemes = new()
    {
        ["always"] = PrependScheme.Always, ["first"] = PrependScheme.First, ["never"] = PrependScheme.Never,
    };

    private readonly SplitPreTokenizer words = new(CodePointRegex.Of(OnigurumaPattern.Escape(mark)), SplitBehavior.MergedWithNext,
        invert: false);

    /// <summary>The pre-tokenizer that a part of the file describes; <c>add_prefix_space</c> is the old spelling of the scheme.</summary>
    public static MetaspacePreTokenizer Create(Component part) => new(
        Mark(part), Scheme(part), part.Flag("split", true));

    /// <summary>The mark, one character.</summary>
    public static char Mark(Component part) =>
        part.Text("replacement", "▁") is [var mark] ? mark : throw part.Field("replacement").Bad("one character");

    /// <summary>How the scheme of a part of the file reads.</summary>
    public static PrependScheme Scheme(Component part) =>
        part.Choice("prepend_scheme", part.Flag("add_prefix_space", true) ? "always" : "never", Schemes);

    /// <inheritdoc/>
    public void Split(ReadOnlySpan<char> text, bool atStart, PieceHandler next)
    {
        var marked = text.ToString().Replace(' ', mark);
        if (!marked.StartsWith(mark) && (prepend == PrependScheme.Always || (prepend == PrependScheme.First && atStart)))
            marked = mark + marked;
        if (split) words.Split(marked, atStart, next);
        else next(marked, atStart);
    }
}

/// <summary>Which pieces get a mark in front.</summary>
internal enum PrependScheme
{
    /// <summary>All of them.</summary>
    Always,

    /// <summary>The one that the text begins with.</summary>
    First,

    /// <summary>None.</summary>
    Never,
}
