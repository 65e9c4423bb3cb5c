using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>The one thing that the last line sets in bold: "This gives a total of **$1,080** for the 3 months."</summary>
internal static partial class Emphasis
{
    private const int MaxWords = 4;

    /// <summary>The answer, or null where the last line emphasizes nothing, several things, or what it does not state.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parse">Parses a piece; null when it is no answer.</param>
    public static string? Find(string text, Func<string, Node?> parse)
    {
        var from = text.TrimEnd().LastIndexOf('\n') + 1;
        if (Bold().Matches(text[from..]) is not [var only]) return null;
        var clean = AnswerExtractor.Clean(only.Groups["content"].Value);
        if (clean.Length == 0 || clean.EndsWith(':') || clean.Count(c => c == ' ') >= MaxWords || parse(clean) is not { } node) return null;
        var (start, end) = (from + only.Index, from + only.Index + only.Length);
        // A label, or a whole sentence in bold, says nothing by that.
        if (text[from..start].Trim(' ', '-', '#', '>').Length == 0 || text[end..].TrimStart(' ', '*').StartsWith(':')) return null;
        if (node is Words && Negations.IsAlternative(text[end..])) return null;
        return Commitments.Hold(text, start, end) ? clean : null;
    }

    [GeneratedRegex(@"\*\*(?<content>[^*\n]{1,80})\*\*", RegexOptions.CultureInvariant)]
    private static partial Regex Bold();
}
