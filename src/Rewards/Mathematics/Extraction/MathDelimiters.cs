using System.Buffers;
using System.Text;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Formulas between <c>$…$</c>, <c>$$…$$</c>, <c>\(…\)</c>, <c>\[…\]</c> in a text; one pass over it.</summary>
internal static class MathDelimiters
{
    private static readonly SearchValues<char> Notation = SearchValues.Create("\\^_{}=+*/<>|"), Commands = SearchValues.Create("\\^_{");

    /// <summary>Where a formula's content begins and ends.</summary>
    public readonly record struct Span(int Start, int End);

    /// <summary>The text without its delimiters; escaped dollars stay.</summary>
    public static string Remove(string text)
    {
        if (!text.AsSpan().ContainsAny('$', '\\')) return text;
        var kept = new StringBuilder(text.Length);
        // A single dollar, or one before a number without a partner, is money.
        var money = text.Count(c => c == '$') - CountEscaped(text) == 1;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && i + 1 < text.Length)
            {
                if (text[i + 1] is '(' or ')' or '[' or ']' && (i == 0 || text[i - 1] != '\\') && !IsSpacing(text, i))
                {
                    i++;
                    kept.Append(' ');
                    continue;
                }
                kept.Append(c).Append(text[++i]);
            }
            else if (c == '$' && !money) kept.Append(' ');
            else kept.Append(c);
        }
        return kept.ToString();
    }

    /// <summary>The formula that the text begins with, or null.</summary>
    public static string? Leading(string text)
    {
        var start = 0;
        while (start < text.Length
            && (char.IsWhiteSpace(text[start]) || text[start] is ':' or '"' or '*' || text[start] == '\\' && start + 1 < text.Length
                && text[start + 1] == '"')) start++;
        return All(text[start..]) is [{ } first, ..] && first.Start <= 2 ? text[start..][first.Start..first.End] : null;
    }

    /// <summary>The last formula's text, or null.</summary>
    public static string? Last(string text) => LastSpan(text) is { } span ? text[span.Start..span.End] : null;

    /// <summary>The last formula, or null.</summary>
    /// <param name="text">The text.</param>
    /// <param name="withOpen">Whether one that never ends counts, up to the end of the text.</param>
    public static Span? LastSpan(string text, bool withOpen = false) => All(text, withOpen) is [.., var last] ? last : null;

    /// <summary>All formulas; one that never ends goes to the end of the text.</summary>
    public static IEnumerable<string> Contents(string text) => All(text, withOpen: true).Select(span => text[span.Start..span.End]);

    private static bool IsSpacing(string text, int at) => at > 0 && text[at - 1] == '\\';

    private static int CountEscaped(string text)
    {
        var count = 0;
        for (var i = 1; i < text.Length; i++) if (text[i] == '$' && text[i - 1] == '\\') count++;
        return count;
    }

    private static List<Span> All(string text, bool withOpen = false)
    {
        var spans = new List<Span>();
        var open = -1;
        var closer = "";
        for (var i = 0; i < text.Length; i++)
        {
            if (open >= 0)
            {
                if (text[i] == closer[0] && string.CompareOrdinal(text, i, closer, 0, closer.Length) == 0)
                {
                    if (i > open) spans.Add(new(open, i));
                    i += closer.Length - 1;
                    open = -1;
                }
                else if (text[i] == '\\') i++;
            }
            else if (text[i] == '$' && IsMoney(text, i)) continue;
            else if (text[i] == '$')
            {
                closer = i + 1 < text.Length && text[i + 1] == '$' ? "$$" : "$";
                i += closer.Length - 1;
                open = i + 1;
            }
            else if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                if (text[i] is not ('(' or '[')) continue;
                closer = text[i] == '(' ? "\\)" : "\\]";
                open = i + 1;
            }
        }
        if (withOpen && open >= 0) spans.Add(new(open, text.Length));
        return spans;
    }

    private static bool IsProse(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAny(Notation) >= 0) return false;
        var letters = 0;
        foreach (var c in text)
        {
            letters = char.IsLetter(c) ? letters + 1 : 0;
            if (letters > 3) return text.IndexOf(' ') >= 0;
        }
        return false;
    }

    // $12 is an amount where no formula ends close by: the next dollar, if any, is one of another amount.
    private static bool IsMoney(string text, int at)
    {
        var end = at + 1;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is ',' or '.')) end++;
        var next = text.IndexOf('$', at + 1);
        // One that nothing of a formula follows is money, or stray; so is one before prose.
        if (next < 0) return text.AsSpan(at).IndexOfAny(Commands) < 0;
        if (next > at + 1 && IsProse(text.AsSpan(at + 1, next - at - 1))) return true;
        if (end == at + 1 || end < text.Length && text[end] == '$') return false;
        // Words between two dollars are prose.
        var between = text.AsSpan(end, next - end);
        return between.IndexOfAny("\\^_=") < 0 && between.ContainsAnyInRange('a', 'z') && between.IndexOf(' ') >= 0
            && next + 1 < text.Length && char.IsAsciiDigit(text[next + 1]);
    }
}
