using System.Globalization;
using System.Text;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Reads numbers as people and LaTeX write them: digits of any script, thousands separators, decimals, powers of ten.</summary>
internal sealed class NumberLexer(string text, NumberStyle style)
{
    /// <summary>Reads the number that begins at a place.</summary>
    /// <param name="at">The place.</param>
    /// <param name="end">Where the text ends.</param>
    /// <param name="inBrackets">Whether a bare comma separates items rather than thousands.</param>
    /// <param name="digits">Digits with an optional point and an optional <c>e</c> with an exponent.</param>
    /// <param name="next">Where the text goes on.</param>
    public bool TryRead(int at, int end, bool inBrackets, out string digits, out int next)
    {
        (digits, next) = ("", at);
        var startsWithPoint = text[at] is '.' or '．' && Digit(at + 1, end) >= 0 && (at == 0 || Digit(at - 1, end) < 0);
        if (Digit(at, end) < 0 && !startsWithPoint) return false;

        var number = new StringBuilder();
        Digits(number, ref next, end);
        if (number.Length is 1 or 2 or 3)
        {
            while (Separator(next, end, inBrackets) is var length and > 0 && next + length + 3 <= end && ThreeDigits(next + length, end))
            {
                next += length;
                Digits(number, ref next, end);
            }
        }
        if (number.Length is 1 or 2) IndianGroups(number, "{,}", ref next, end);
        if (number.Length is 1 or 2 && !inBrackets && style.ThousandsComma) IndianGroups(number, ",", ref next, end);
        var decimals = Point(next, end, inBrackets);
        if (decimals > 0)
        {
            if (number.Length == 0) number.Append('0');
            number.Append('.');
            next += decimals;
            Digits(number, ref next, end);
            while (Space(next, end) is var space and > 0 && style is { DecimalComma: false } && ThreeDigits(next + space, end)
                && number.ToString() is var soFar && (soFar.Length - soFar.IndexOf('.', StringComparison.Ordinal) - 1) % 3 == 0)
            {
                next += space;
                Digits(number, ref next, end);
            }
        }
        Exponent(number, ref next, end);
        digits = number.ToString();
        return true;
    }

    private int Digit(int at, int end)
    {
        if (at >= end) return -1;
        var c = text[at];
        if (char.IsAsciiDigit(c)) return c - '0';
        return c > 127 && char.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber ? CharUnicodeInfo.GetDecimalDigitValue(c) : -1;
    }

    private void Digits(StringBuilder number, ref int next, int end)
    {
        for (; Digit(next, end) is var digit and >= 0; next++) number.Append((char)('0' + digit));
    }

    private bool ThreeDigits(int at, int end) =>
        Digit(at, end) >= 0 && Digit(at + 1, end) >= 0 && Digit(at + 2, end) >= 0 && Digit(at + 3, end) < 0;

    // 12{,}50{,}000: groups of two before the last one of three; with bare commas only where that begins with 0, as no item of a list does.
    private void IndianGroups(StringBuilder number, string comma, ref int next, int end)
    {
        var (at, groups, length) = (next, 0, comma.Length);
        while (IsComma(at) && Digit(at + length, end) >= 0 && Digit(at + length + 1, end) >= 0 && Digit(at + length + 2, end) < 0)
            (at, groups) = (at + length + 2, groups + 1);
        if (groups == 0 || !IsComma(at) || !ThreeDigits(at + length, end) || length == 1 && text[at + 1] != '0') return;
        for (at += length + 3; next < at; next++) if (Digit(next, end) is var digit and >= 0) number.Append((char)('0' + digit));

        bool IsComma(int place) => place + length < end && string.CompareOrdinal(text, place, comma, 0, length) == 0;
    }

    // The length of a space between groups of digits behind the point, or 0.
    private int Space(int at, int end)
    {
        foreach (var space in (ReadOnlySpan<string>)[" ", "\\,", "{\\,}", "~", "\u00A0", "\u2009", "\u202F"])
            if (at + space.Length < end && string.CompareOrdinal(text, at, space, 0, space.Length) == 0) return space.Length;
        return 0;
    }

    // The length of a thousands separator, or 0.
    private int Separator(int at, int end, bool inBrackets)
    {
        if (at >= end) return 0;
        var rest = text.AsSpan(at, end - at);
        foreach (var separator in (ReadOnlySpan<string>)["{,}", "{,}\\!", ",\\!", "\\!,\\!", "\\,", "\\!", "\\ ", "{\\,}", "{\\ }", "~",
            "\u00A0", "\u2009", "\u202F", "٬", "’", "'"])
        {
            if (!rest.StartsWith(separator, StringComparison.Ordinal)) continue;
            var length = separator.Length;
            if (separator is ",\\!" or "{,}" or "{,}\\!") while (length < rest.Length && rest[length] == ' ') length++;
            if (Digit(at + length, end) >= 0) return length;
        }
        if (style.DecimalComma) return rest[0] is '.' or ' ' && !inBrackets ? 1 : 0;
        if (rest[0] == ' ') return inBrackets ? 0 : 1;
        return rest[0] is ',' or '，' && style.ThousandsComma && !inBrackets ? 1 : 0;
    }

    // The length of a decimal point that digits follow, or 0; a trailing point ends a sentence.
    private int Point(int at, int end, bool inBrackets)
    {
        if (at >= end) return 0;
        if (text[at] is '.' or '．' or '٫' && Digit(at + 1, end) >= 0) return 1;
        if (style.DecimalComma && !inBrackets && text[at] == ',' && Digit(at + 1, end) >= 0) return 1;
        if (style.DecimalComma && at + 3 < end && text.AsSpan(at, 3) is "{,}" && Digit(at + 3, end) >= 0) return 3;
        return 0;
    }

    private void Exponent(StringBuilder number, ref int next, int end)
    {
        if (next >= end || text[next] is not ('e' or 'E')) return;
        var at = next + 1;
        if (at < end && text[at] is '+' or '-') at++;
        var start = at;
        while (at < end && char.IsAsciiDigit(text[at])) at++;
        if (at == start || at - start > 3 || at < end && (char.IsLetter(text[at]) || text[at] == '.')) return;
        number.Append(text.AsSpan(next, at - next));
        next = at;
    }
}
