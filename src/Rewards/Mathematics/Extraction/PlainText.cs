using System.Text;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// A completion without what its reader does not read: what is struck out, marks of HTML, the styles of mathematical alphabets.
/// </summary>
internal static partial class PlainText
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;

    // Unicode's mathematical alphabets: thirteen of letters, five of digits.
    private const int FirstLetter = 0x1D400, FirstDigit = 0x1D7CE;

    /// <summary>The text as its reader sees it.</summary>
    public static string Of(string text)
    {
        if (text.Contains("~~", StringComparison.Ordinal)) text = Struck().Replace(text, "");
        if (text.Contains("cancel", StringComparison.Ordinal) || text.Contains("\\sout", StringComparison.Ordinal))
            text = Cancelled().Replace(text, "");
        if (text.Contains("</", StringComparison.Ordinal)) text = Tag().Replace(Deleted().Replace(text, ""), "");
        return text.Contains('\uD835', StringComparison.Ordinal) ? Upright(text) : text;
    }

    // 𝟏𝟒 is 14
    private static string Upright(string text)
    {
        var upright = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= FirstDigit and < FirstDigit + 50) upright.Append((char)('0' + (rune.Value - FirstDigit) % 10));
            else if (rune.Value is >= FirstLetter and < FirstLetter + 13 * 52 && (rune.Value - FirstLetter) % 52 is var place)
                upright.Append((char)(place < 26 ? 'A' + place : 'a' + place - 26));
            else upright.Append(rune.ToString());
        }
        return upright.ToString();
    }

    [GeneratedRegex(@"~~(?!\s)[^~\n]{1,80}~~", Options)]
    private static partial Regex Struck();

    // In front of what replaces it: a fraction's factors are cancelled too, but nothing follows them.
    [GeneratedRegex(
        @"(?<=^|[\s{$])\\(?:b?cancel|xcancel|sout)\s*\{[^{}]{0,80}\}(?:\\[;,: !]|\s)+(?=[-−\d])", Options)]
    private static partial Regex Cancelled();

    [GeneratedRegex(@"<(s|del|strike)>[^<>\n]{0,200}</\1>", Options | RegexOptions.IgnoreCase)]
    private static partial Regex Deleted();

    [GeneratedRegex(@"</?(?:p|b|strong|em|i|u|br|hr|div|span|ul|ol|li|h[1-6])\s*/?>", Options | RegexOptions.IgnoreCase)]
    private static partial Regex Tag();
}
