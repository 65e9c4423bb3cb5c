using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Inequalities in words: "x must be greater than 2", "n is at most 5", "x is between 1 and 3, inclusive".</summary>
internal static partial class RelationsInWords
{
    private const int MaxLength = 120;

    /// <summary>The text with signs for words; as it is when it is no such sentence.</summary>
    public static string Spelled(string text)
    {
        if (text.Length > MaxLength || !text.Contains("th", StringComparison.Ordinal) && !text.Contains("at ", StringComparison.Ordinal)
            && !text.Contains("between", StringComparison.Ordinal)) return text;
        var plain = Markup().Replace(text, " $1 ");
        if (Between().Match(plain) is { Success: true } range)
        {
            var sign = range.Groups["closed"].Success ? "\\le" : "<";
            return range.Groups["closed"].Success || range.Groups["strict"].Success
                ? $"{range.Groups["low"].Value} {sign} {range.Groups["left"].Value} {sign} {range.Groups["high"].Value}" : text;
        }
        if (Comparison().Match(plain) is not { Success: true } match) return text;
        var (more, closed) = (match.Groups["more"].Success || match.Groups["least"].Success,
            match.Groups["equal"].Success || match.Groups["least"].Success || match.Groups["most"].Success);
        return $"{match.Groups["left"].Value} {(more ? ">" : "<")}{(closed ? "=" : "")} {match.Groups["right"].Value}";
    }

    /// <summary>Whether a text is such a sentence.</summary>
    public static bool IsOne(string text) => Spelled(text) != text;

    [GeneratedRegex(@"\\(?:text|mathrm|mbox|textrm)\s*\{([^{}]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Markup();

    private const string Subject = @"^\s*(?<left>\\?[a-zA-Z]+(?:_\{?\w+\}?)?|[a-zA-Z]\([a-zA-Z]\)|\|[a-zA-Z]\|)\s+"
        + @"(?:is|are|must\s+be|has\s+to\s+be|should\s+be|needs\s+to\s+be|can\s+be|may\s+be|lies|must\s+lie)\s+"
        + @"(?:(?:a|any|all|every)\s+(?:real\s+)?(?:numbers?|values?|integers?)\s+)?";

    // The other side: a number or formula, nothing that goes on in prose.
    private const string Value = @"(?:(?![a-zA-Z]{2})[^,;]|\\[a-zA-Z]+|,(?=\d{3}))+?";

    [GeneratedRegex(
        Subject + @"(?:strictly\s+)?(?:(?<more>greater|larger|more|bigger|higher)\s+than|(?:less|smaller|fewer|lower)\s+than"
        + @"|no\s+(?<least>less|fewer|smaller|lower)\s+than|no\s+(?<most>more|greater|larger|bigger|higher)\s+than"
        + @"|at\s+(?<least>least)|at\s+(?<most>most))(?<equal>\s+or\s+equal\s+to)?\s+(?<right>" + Value + @")\s*\.?\s*$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Comparison();

    [GeneratedRegex(
        Subject + @"(?<strict>strictly\s+)?between\s+(?<low>" + Value + @")\s+and\s+(?<high>" + Value
        + @")\s*(?:,?\s*\(?(?<closed>inclusive(?:ly)?)\)?|,?\s*\(?(?<strict>exclusive(?:ly)?)\)?)?\s*\.?\s*$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Between();
}
