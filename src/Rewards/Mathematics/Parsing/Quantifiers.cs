using System.Buffers;
using System.Text.RegularExpressions;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// The range of a letter, told behind a formula in words or brackets: "f(x) = 2 − x for all x ∈ ℝ", "2^m for some integer m ≥ 1",
/// "a_n = 3^n (n ≥ 1)". Each becomes a further item behind a comma.
/// </summary>
internal static partial class Quantifiers
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture;

    private static readonly SearchValues<string> Cues = SearchValues.Create(["for", "where", "with", "ge", "le", "≥", "≤", ">", "<"],
        StringComparison.Ordinal);

    // a letter with its domain, its bound, or nothing
    private const string Range =
        @"(?<name>[a-zA-Z])(?<range>\s*(?:\\in(?![a-z])|∈|\\geq?(?:slant)?(?![a-z])|\\leq?(?:slant)?(?![a-z])|≥|≤|>|<|\\neq?(?![a-z])|≠)\s*"
        + @"(?:\\(?:mathbb|mathbf|Bbb)\s*\{?\s*[A-Z]\s*\}?(?:\s*[_^]\s*(?:\{[^{}]*\}|\S))?|[ℤℕℚℝℂ](?:[⁺*]|\^\S)?|[-−]?\d+(?:\.\d+)?|[A-Z](?![a-zA-Z])))?";

    /// <summary>The text with such ranges behind commas.</summary>
    public static string Spelled(string text)
    {
        if (!text.AsSpan().ContainsAny(Cues)) return text;
        if (text.AsSpan().TrimEnd() is [.., ')' or '）']) text = InBrackets().Replace(text, ", ${name}${range}");
        if (!text.Contains("for", StringComparison.Ordinal) && !text.Contains("wh", StringComparison.Ordinal)
            && !text.Contains("with", StringComparison.Ordinal)) return text;
        return InWords().Replace(text, match =>
        {
            var (name, range) = (match.Groups["name"].Value, match.Groups["range"].Value);
            if (range.Length > 0) return $", {name}{range}";
            return match.Groups["kind"].Value.ToLowerInvariant() switch
            {
                ['i', ..] or ['w', ..] => $", {name} \\in \\mathbb{{Z}}",
                ['r', ..] or ['c', ..] => $", {name} \\in \\mathbb{{R}}",
                ['n', ..] or ['p', ..] => $", {name} \\in \\mathbb{{N}}",
                _ => match.Value,
            };
        });
    }

    // (n \ge 1) behind a formula
    [GeneratedRegex(@"(?<=[\w})\]])(?:\s|\\[ ,;:!]|\\q?quad|~)+[(（]\s*" + Range + @"\s*[)）]\s*$", Options)]
    private static partial Regex InBrackets();

    [GeneratedRegex(
        @"(?<=\S)(?:\s|\\[ ,;:!]|\\q?quad|~|,)*(?:\\(?:text|mathrm|mbox)\s*\{)?[\s,]*(?:\\ )*(?:for|where|with)\s+"
        + @"(?:(?:all|any|every|each|some|a|an|arbitrary)\s+)*(?:(?<kind>integers?|real(?:\s+(?:numbers?|constants?))?|natural(?:\s+numbers?)?"
        + @"|positive\s+integers?|whole\s+numbers?|constants?)\s*)?"
        + @"(?:\}|\\ |\\,|\s|\$)*" + Range + @"(?:\s*\}?\s*(?:\\text\s*\{)?\s*(?:is|being)\s+(?:an?\s+)?(?:(?:arbitrary|any)\s+)?"
        + @"(?<kind>integer|real(?:\s+(?:number|constant))?|natural(?:\s+number)?|positive\s+integer|constant))?\s*\}?\s*\.?\s*$", Options)]
    private static partial Regex InWords();
}
