namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Roman numerals in capitals, as they are written: XIV, MMXXIV. One letter alone is a name or a choice.</summary>
internal static class RomanNumerals
{
    private static readonly (int Value, string Letters)[] Parts =
        [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"),
            (4, "IV"), (1, "I")];

    /// <summary>The number, or null when the text is no such numeral.</summary>
    public static int? TryRead(ReadOnlySpan<char> text)
    {
        if (text.Length is < 2 or > 15) return null;
        var (value, at) = (0, 0);
        foreach (var (worth, letters) in Parts)
        {
            // Each of 900, 90, 4 and the like and of 5, 50, 500 stands once, the others three times at most.
            for (var times = letters is "M" or "C" or "X" or "I" ? 3 : 1; times > 0 && text[at..].StartsWith(letters); times--)
            {
                value += worth;
                at += letters.Length;
            }
        }
        return at == text.Length && Write(value).AsSpan().SequenceEqual(text) ? value : null;
    }

    private static string Write(int value)
    {
        var numeral = "";
        foreach (var (worth, letters) in Parts)
        {
            for (; value >= worth; value -= worth) numeral += letters;
        }
        return numeral;
    }
}
