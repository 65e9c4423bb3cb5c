using System.Text;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Extraction;

/// <summary>Formulas between <c>$…$</c>, <c>$$…$$</c>, <c>\(…\)</c>, <c>\[…\]</c> in a text; one pass over it.</summary>
internal static class MathDelimiters
{
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
        while (start < text.Length && (char.IsWhiteSpace(text[start]) || text[start] is ':' or '"' or '*' || text[start] == '\\' && start + 1 < text.Length && text[start + 1] == '"')) start++;
        return All(text[start..]) is [{ } first, ..] && first.Start <= 2 ? text[start..][first.Start..first.End] : null;
    }

    /// <summary>The last formula's text, or null.</summary>
    public static string? Last(string text) => LastSpan(text) is { } span ? text[span.Start..span.End] : null;

    /// <summary>The last formula, or null.</summary>
    public static Span? LastSpan(string text) => All(text) is [.., var last] ? last : null;

    private static bool IsSpacing(string text, int at) => at > 0 && text[at - 1] == '\\';

    private static int CountEscaped(string text)
    {
        var count = 0;
        for (var i = 1; i < text.Length; i++) if (text[i] == '$' && text[i - 1] == '\\') count++;
        return count;
    }

    private static List<Span> All(string text)
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
        return spans;
    }
}
