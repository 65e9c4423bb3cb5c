using System.Text.RegularExpressions;

namespace R1Cloud.GpuJob.Tokenizers.Patterns;

/// <summary>Matches as offsets into the text, enumerated without allocation.</summary>
internal ref struct CodePointMatches(Regex.ValueMatchEnumerator matches, int[]? offsets)
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
    public bool MoveNext() => matches.MoveNext();

    /// <summary>For <c>foreach</c>.</summary>
    public readonly CodePointMatches GetEnumerator() => this;
}
