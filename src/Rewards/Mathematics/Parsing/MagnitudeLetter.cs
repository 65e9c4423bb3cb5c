using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// Letters for magnitudes right behind a number: 3.2M, $4.5K, 2B. As K may be kelvin and M a symbol, this is one reading beside others.
/// </summary>
internal static partial class MagnitudeLetter
{
    /// <summary>Whether a number in a text has such a letter.</summary>
    /// <param name="text">The text.</param>
    /// <param name="withSmall">Whether k counts behind any number; otherwise only where the number is an amount of money.</param>
    public static bool IsIn(string text, bool withSmall) => text.AsSpan().IndexOfAny("KMBk") > 0 && Letter().IsMatch(text)
        && (withSmall || text.AsSpan().IndexOfAny("KMB") > 0 || text.Contains('$', StringComparison.Ordinal));

    /// <summary>The text with words for the letters.</summary>
    public static string Spelled(string text) => Letter().Replace(text, match => match.ValueSpan[^1] switch
    {
        'M' => " million ",
        'B' => " billion ",
        _ => " thousand ",
    });

    [GeneratedRegex(@"(?<=\d(?:\\,|\\text\{| (?=[MB]))?)[KMBk](?![A-Za-z0-9_^(\[{'])", RegexOptions.CultureInvariant)]
    private static partial Regex Letter();
}
