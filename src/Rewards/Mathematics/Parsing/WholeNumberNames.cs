using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Conditions in words that a letter is any whole number: "for integer n", "where k is an integer".</summary>
internal static partial class WholeNumberNames
{
    private const int MaxLength = 300;

    /// <summary>The answer with the condition as a formula, n ∈ ℤ.</summary>
    public static string Rewrite(string text) =>
        text.Length > MaxLength || text.IndexOf("integer", StringComparison.OrdinalIgnoreCase) < 0 ? text
        : Condition().Replace(text, match => $", {match.Groups["name"].Value} \\in \\mathbb{{Z}}");

    [GeneratedRegex(
        @"[,;]?\s*(?:\\text\{|\\mbox\{|\\mathrm\{)?[\s,(]*(?:(?:where|for|with|and)\s+)?(?:(?:any|all|every|some|each)\s+)?(?:integers?\s+(?:value\s+)?(?:\}\s*)?\$?(?<name>[a-zA-Z])\$?|\}?\s*\$?(?<name>[a-zA-Z])\$?\s*(?:\\text\{)?\s+(?:is|are|be)?\s*(?:any|an?)?\s*(?:arbitrary\s+)?integers?)[\s)]*\}?[\s.]*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Condition();
}
