using R1Cloud.Rewards.Mathematics.Parsing;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Finds numbers in prose, with their sign, fraction and percent sign.</summary>
internal static class LastNumbers
{
    private const int MaxTail = 2000;

    /// <summary>Where the last number stands, or null.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where the prose begins in which numbers count.</param>
    public static Range? Find(string text, int from = 0)
    {
        var start = Math.Max(from, text.Length - MaxTail);
        if (start > from) start = text.IndexOf(' ', start) is var space and >= 0 ? space : start;
        return Scan(text, start, first: false);
    }

    /// <summary>Where the first number stands, or null.</summary>
    public static Range? First(string text) => Scan(text, 0, first: true);

    /// <summary>The computation or the alternatives that a number ends, 48 + 24 = 72 or "72 or 73"; null when it stands alone.</summary>
    public static Range? Computation(string text, int from, Range number)
    {
        var (start, end) = (number.Start.Value, number.End.Value);
        var before = start;
        while (before > from && start - before < 200 && (char.IsAsciiDigit(text[before - 1])
            || text[before - 1] is ' ' or '+' or '-' or '−' or '*' or '×' or '·' or '/' or '÷' or '=' or '(' or ')' or '.'
            or '≈')) before--;
        while (before < start && text[before] is ' ' or '.' or ')' or '=') before++;
        return before < start && text.AsSpan(before, start - before).ContainsAny('=', '≈') ? before..end : null;
    }

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
        if (!first && Alternative(text, start, found.Start) is { } other) return other..found.End;
        var (from, to) = Formula(text, found.Start, found.End);
        if (to == 0) return null; // a part of a formula that nobody can read
        if (Clock(text, from, to) is { } time) return time;
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

    /// <summary>The time of day whose minutes the number is: 5:30 pm.</summary>
    private static Range? Clock(string text, int start, int end)
    {
        if (end - start != 2 || start < 2 || text[start - 1] != ':' || !char.IsAsciiDigit(text[start - 2])) return null;
        var from = start - 2;
        if (from > 0 && char.IsAsciiDigit(text[from - 1])) from--;
        var to = end;
        while (to < text.Length && text[to] == ' ') to++;
        foreach (var half in (ReadOnlySpan<string>)["a.m.", "p.m.", "am", "pm"])
        {
            if (string.Compare(text, to, half, 0, half.Length, StringComparison.OrdinalIgnoreCase) == 0) return from..(to + half.Length);
        }
        return from..end;
    }

    /// <summary>Where the number begins that this one is an alternative to: 72 or 73.</summary>
    private static int? Alternative(string text, int from, int start)
    {
        var before = text.AsSpan(from, start - from).TrimEnd();
        foreach (var or in (ReadOnlySpan<string>)[" or", " oder", " ou", "或"])
        {
            if (!before.EndsWith(or, StringComparison.OrdinalIgnoreCase)) continue;
            var left = before[..^or.Length].TrimEnd();
            var digits = left.Length;
            while (digits > 0 && (char.IsAsciiDigit(left[digits - 1]) || left[digits - 1] is '.' or ',' or '/' or '-')) digits--;
            return digits < left.Length && left[^1] is >= '0' and <= '9' ? from + digits : null;
        }
        return null;
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
        if (run.IndexOf("\\frac") < 0 && run.IndexOf("\\sqrt") < 0 && run.IndexOf("\\dfrac") < 0) return run.IndexOfAny("{}^_") >= 0
            && !run.StartsWith("{") ? (0, 0) : (start, end);
        while (to > from && text[to - 1] is '.' or ',' or ';' or '$') to--;
        while (from < to && text[from] is '$') from++;
        return (from, to);
    }
}
