using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Parsing;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Finds numbers in prose, with their sign, fraction and percent sign.</summary>
internal static partial class LastNumbers
{
    private const int MaxTail = 2000;

    // Words before a number that make it a bound.
    private static readonly string[] Bounds = ["at least", "at most", "less than", "more than", "greater than", "fewer than", "up to",
        "larger than", "smaller than", "bigger than", "below", "above", "under", "over", "exceed", "exceeds", "exceeding", "between", "not", "than or equal to",
        "no more than", "no less than", "no longer", "不是", "至少", "至多", "大于", "小于", "不超过"];

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
        if (before > from && text[before - 1] is '^' or '_') return null;
        // 9 x 2 = 18: the sign is a letter.
        if (before > from && text[before - 1] is 'x' or 'X' && (before == 1 || !char.IsLetter(text[before - 2]))) return null;
        while (before < start && text[before] is ' ' or '.' or ')' or '=') before++;
        return before < start && text.AsSpan(before, start - before).ContainsAny('=', '≈') ? before..end : null;
    }

    /// <summary>Whether a number only bounds what is meant, or goes on: "at least 36", "less than 36", "36 to 40", "36+".</summary>
    public static bool IsBound(string text, Range number)
    {
        var before = text.AsSpan(0, number.Start.Value).TrimEnd(" $\\(*").ToString().ToLowerInvariant();
        return Array.Exists(Bounds, bound => before.EndsWith(bound, StringComparison.Ordinal)
            && (before.Length == bound.Length || !char.IsLetter(before[^(bound.Length + 1)]))) || GoesOn(text, number);
    }

    /// <summary>Whether the sentence says of the number that it is none: "18 is not the answer".</summary>
    public static bool IsDenied(string text, Range number) => Denial().IsMatch(text.AsSpan(number.End.Value));

    [GeneratedRegex(
        @"^[\s$*)""']{0,4}(?:is|was|are|would\s+be|can|cannot|could)\s*(?:be\s+)?(?:also\s+)?(?:not\b|n't|wrong|incorrect|too\s|impossible|false|never)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Denial();

    /// <summary>Whether the number is an end of a range, or an operation follows that is not carried out.</summary>
    public static bool GoesOn(string text, Range number)
    {
        var (start, end) = (number.Start.Value, number.End.Value);
        if (start > 1 && text[start - 1] is '-' or '–' or '~' && char.IsAsciiDigit(text[start - 2])) return true;
        if (end == text.Length) return false;
        var next = end + 1 < text.Length ? text[end + 1] : ' ';
        return text[end] switch
        {
            '+' or '^' => true,
            '-' or '–' when char.IsWhiteSpace(next) => true,
            '-' or '–' or '~' or '*' or '/' or '×' or '÷' => char.IsAsciiDigit(next),
            _ => text.AsSpan(end).StartsWith(" to ", StringComparison.Ordinal) && end + 4 < text.Length && char.IsAsciiDigit(text[end + 4]),
        };
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
                if (last is { } before && text.AsSpan(before.End, i - before.End).Trim() is "/" && char.IsAsciiDigit(text[before.End - 1]))
                    last = (before.Start, next);
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
        if (from == found.Start) from = RatioStart(text, from);
        while (to < text.Length && text[to] == '\\') to++;
        if (to < text.Length && text[to] == '%') to++;
        else if (to > found.End && text[to - 1] == '\\') to--;
        return from..to;
    }

    // Whether letters that are no unit touch the number: it is a part of a name.
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
        if (i > 0 && text[i - 1] is '-' or '−' && (i == 1 || text[i - 2] is ' ' or '(' or '=' or ':' or '\n' or '$' or '*' or '"'))
            return i - 1;
        return at;
    }

    // The time of day whose minutes the number is: 5:30 pm.
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

    // Where the ratio begins whose last term the number is: 3:2, 1 : 2 : 5.
    private static int RatioStart(string text, int start)
    {
        while (true)
        {
            var at = start;
            while (at > 0 && text[at - 1] == ' ') at--;
            if (at == 0 || text[at - 1] != ':') return start;
            at--;
            while (at > 0 && text[at - 1] == ' ') at--;
            var end = at;
            while (at > 0 && char.IsAsciiDigit(text[at - 1])) at--;
            if (at == end || at > 0 && (char.IsLetter(text[at - 1]) || text[at - 1] is '.' or ',')) return start;
            start = at;
        }
    }

    // Where the list begins whose last item the number is: 72 or 73; 1, 2 and 3.
    private static int? Alternative(string text, int from, int start)
    {
        int? first = null;
        for (var at = start; Preceding(text, from, at, first is null ? Joints : Separators) is { } before; at = before) first = before;
        return first;
    }

    // The word before the last item, and what stands before others.
    private static readonly string[] Joints = [" or", " and", " oder", " und", " ou", " et", "或", "和", "与"];
    private static readonly string[] Separators = [",", "，", "、"];

    private static int? Preceding(string text, int from, int start, string[] joints)
    {
        if (start <= from) return null; // its sign stands before
        var before = text.AsSpan(from, start - from).TrimEnd();
        foreach (var joint in joints)
        {
            if (!before.EndsWith(joint, StringComparison.OrdinalIgnoreCase)) continue;
            var left = before[..^joint.Length].TrimEnd().TrimEnd(',');
            var digits = left.Length;
            while (digits > 0 && (char.IsAsciiDigit(left[digits - 1]) || left[digits - 1] is '.' or ',' or '/' or '-')) digits--;
            return digits < left.Length && left[^1] is >= '0' and <= '9'
                && !left[..digits].TrimEnd().EndsWith("between", StringComparison.OrdinalIgnoreCase) ? from + digits : null;
        }
        return null;
    }

    // The tuple or interval that the number ends: (2, 3).
    private static Range? Bracketed(string text, int end)
    {
        var close = end;
        while (close < text.Length && text[close] == ' ') close++;
        if (close >= text.Length || text[close] is not (')' or ']' or '}')) return null;
        var isSet = text[close] == '}';
        var depth = 0;
        for (var i = close; i >= 0 && close - i < 200; i--)
        {
            if (text[i] is ')' or ']' or '}') depth++;
            else if (text[i] is '(' or '[' or '{' && --depth == 0)
                return text.AsSpan(i, close - i).Contains(',')
                    && (i == 0 || (isSet ? text[i - 1] == ' ' : !char.IsLetterOrDigit(text[i - 1])))
                    ? i..(close + 1) : null;
        }
        return null;
    }

    // Whether a command stands at the number, or a bracket is open before it that nothing closes.
    private static bool IsCut(string text, int start, int end)
    {
        if (end + 1 < text.Length && text[end] == '\\' && char.IsAsciiLetter(text[end + 1])) return true;
        if (start > 0 && text[start - 1] is '(' or '[' && text.AsSpan(end).IndexOfAny(")]") < 0) return true;
        var before = text.AsSpan(0, start).TrimEnd(' ');
        var letters = before.Length;
        while (letters > 0 && char.IsAsciiLetter(before[letters - 1])) letters--;
        return letters < before.Length && letters > 0 && before[letters - 1] == '\\';
    }

    // A number within LaTeX that stands without delimiters: the whole run without spaces.
    private static (int, int) Formula(string text, int start, int end)
    {
        var (from, to) = (start, end);
        while (from > 0 && !char.IsWhiteSpace(text[from - 1]) && start - from < 200) from--;
        while (to < text.Length && !char.IsWhiteSpace(text[to]) && to - end < 200) to++;
        var run = text.AsSpan(from, to - from);
        if (IsCut(text, start, end)) return (0, 0);
        if (run.IndexOfAny("√∛∜π") < 0
            && run.IndexOf("\\frac") < 0 && run.IndexOf("\\sqrt") < 0 && run.IndexOf("\\dfrac") < 0) return run.IndexOfAny("{}^_") >= 0
            && !run.StartsWith("{") ? (0, 0) : (start, end);
        while (to > from && text[to - 1] is '.' or ',' or ';' or '$' or '!' or '*') to--;
        while (from < to && text[from] is '$' or '*') from++;
        return (from, to);
    }
}
