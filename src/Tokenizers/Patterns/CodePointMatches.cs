using System.Text.RegularExpressions;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>Matches as offsets into the text, enumerated without allocation.</summary>
/// <param name="matches">The matches in the text's shape.</param>
/// <param name="offsets">Where each unit of the shape stands in the text; null where they are the same.</param>
/// <param name="pattern">The pattern, as messages name it.</param>
internal ref struct CodePointMatches(Regex.ValueMatchEnumerator matches, int[]? offsets, string pattern)
{
    private Regex.ValueMatchEnumerator matches = matches;

    /// <summary>The current match: where it starts and where it ends.</summary>
    public readonly (int Start, int End) Current
    {
        get
        {
            var match = matches.Current;
            var end = match.Index + match.Length;
            return offsets is null ? (match.Index, end) : (offsets[match.Index], offsets[end]);
        }
    }

    /// <summary>Goes to the next match.</summary>
    /// <exception cref="BadInputException">The pattern backtracks without end on this text.</exception>
    public bool MoveNext()
    {
        try
        {
            return matches.MoveNext();
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new BadInputException(
                $"{pattern} cannot be used: it backtracks so much that a match takes longer than {e.MatchTimeout.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>For <c>foreach</c>.</summary>
    public readonly CodePointMatches GetEnumerator() => this;
}
