using R1Cloud.GpuJob.Rewards.Mathematics.Parsing;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Extraction;

/// <summary>Finds numbers in prose, with their sign, fraction and percent sign.</summary>
internal static class LastNumbers
{
    private const int MaxTail = 2000;

    /// <summary>Where the last number stands, or null.</summary>
    public static Range? Find(string text)
    {
        var start = Math.Max(0, text.Length - MaxTail);
        if (start > 0) start = text.IndexOf(' ', start) is var space and >= 0 ? space : start;
        return Scan(text, start, first: false);
    }

    /// <summary>Where the first number stands, or null.</summary>
    public static Range? First(string text) => Scan(text, 0, first: true);

    private static Range? Scan(string text, int start, bool first)
    {
        var numbers = new NumberLexer(text, new(ThousandsComma: true, DecimalComma: false));
        (int Start, int End)? last = null;
        for (var i = start; i < text.Length;)
        {
            var letterBefore = i > 0 && (char.IsAsciiLetter(text[i - 1]) || text[i - 1] == '_');
            if (!numbers.TryRead(i, text.Length, inBrackets: false, out _, out var next))
            {
                i++;
                continue;
            }
            if (!letterBefore && !WordFollows(text, next))
            {
                // "2/3": one answer of two numbers.
                if (last is { } before && text.AsSpan(before.End, i - before.End).Trim() is "/" && char.IsAsciiDigit(text[before.End - 1])) last = (before.Start, next);
                else
                {
                    if (first && last is not null) break;
                    last = (WithSign(text, i), next);
                }
            }
            i = next;
        }
        if (last is not { } found) return null;
        if (Bracketed(text, found.End) is { } tuple) return tuple;
        var (from, to) = Formula(text, found.Start, found.End);
        while (to < text.Length && text[to] == '\\') to++;
        if (to < text.Length && text[to] == '%') to++;
        else if (to > found.End && text[to - 1] == '\\') to--;
        return from..to;
    }

    /// <summary>Whether letters that are no unit touch the number: it is a part of a name.</summary>
    private static bool WordFollows(string text, int at)
    {
        var end = at;
        while (end < text.Length && char.IsAsciiLetter(text[end])) end++;
        return end - at > 1 && !Units.IsKnown(text[at..end]);
    }

    private static int WithSign(string text, int at)
    {
        var i = at;
        while (i > 0 && text[i - 1] is '$' or '€' or '£' or '\\') i--;
        if (i > 0 && text[i - 1] is '-' or '−' && (i == 1 || text[i - 2] is ' ' or '(' or '=' or ':' or '\n' or '$' or '*' or '"')) return i - 1;
        return at;
    }

    /// <summary>The tuple or interval that the number ends: (2, 3).</summary>
    private static Range? Bracketed(string text, int end)
    {
        var close = end;
        while (close < text.Length && text[close] == ' ') close++;
        if (close >= text.Length || text[close] is not (')' or ']')) return null;
        var depth = 0;
        for (var i = close; i >= 0 && close - i < 200; i--)
        {
            if (text[i] is ')' or ']') depth++;
            else if (text[i] is '(' or '[' && --depth == 0) return text.AsSpan(i, close - i).Contains(',') && (i == 0 || !char.IsLetterOrDigit(text[i - 1])) ? i..(close + 1) : null;
        }
        return null;
    }

    /// <summary>A number within LaTeX that stands without delimiters: the whole run without spaces.</summary>
    private static (int, int) Formula(string text, int start, int end)
    {
        var (from, to) = (start, end);
        while (from > 0 && !char.IsWhiteSpace(text[from - 1]) && start - from < 200) from--;
        while (to < text.Length && !char.IsWhiteSpace(text[to]) && to - end < 200) to++;
        var run = text.AsSpan(from, to - from);
        if (run.IndexOf("\\frac") < 0 && run.IndexOf("\\sqrt") < 0 && run.IndexOf("\\dfrac") < 0) return (start, end);
        while (to > from && text[to - 1] is '.' or ',' or ';' or '$') to--;
        while (from < to && text[from] is '$') from++;
        return (from, to);
    }
}
