using System.Buffers;
using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>Sets of numbers in words: "all positive real numbers", "all real numbers except 3", "all integers".</summary>
internal static partial class SetsInWords
{
    private const int MaxLength = 120;

    private static readonly SearchValues<string> Cues =
        SearchValues.Create(["real", "integer", "numbers"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The set, or null when the text is none.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="parse">Parses what is left out.</param>
    public static Node? TryRead(string text, Func<string, Node?> parse)
    {
        if (text.Length > MaxLength || !text.AsSpan().ContainsAny(Cues)) return null;
        var plain = Markup().Replace(text, " ");
        if (Named().Match(plain.Trim(' ', '.', '$')) is { Success: true } named)
        {
            var letter = char.ToLowerInvariant(named.Groups["kind"].Value[0]) switch { 'n' => 'N', 'r' => 'Q', 'c' => 'C', _ => 'Z' };
            return parse($"\\mathbb{{{letter}}}{(named.Groups["sign"].Success ? "^+" : "")}");
        }
        if (Phrase().Match(plain.Trim(' ', '.', '$')) is not { Success: true } match) return null;
        Node set = match.Groups["sign"].Value.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal) switch
        {
            "positive" => new NamedSet("ℝ+"),
            "negative" => new NamedSet("ℝ-"),
            "nonnegative" => new Interval(Number.Zero, Symbol.Infinity, true, false),
            "nonpositive" => new Interval(Tree.Negate(Symbol.Infinity), Number.Zero, false, true),
            _ => new NamedSet("ℝ"),
        };
        if (match.Groups["out"].Value is not { Length: > 0 } left) return set.Equals(new NamedSet("ℝ")) ? null : set;
        return parse(left) switch
        {
            null or Words => null,
            Relation { Operators: ["=" or "≠"], Sides: [Symbol, var value] } => new SetOperation('\\', set, Points(value)),
            var node => new SetOperation('\\', set, Points(node)),
        };
    }

    private static Node Points(Node node) => node switch
    {
        Sequence { IsOpen: true } several => several with { Kind = SequenceKind.Set },
        Sequence or Interval or SetOperation or NamedSet => node,
        _ => new Sequence(SequenceKind.Set, [node]),
    };

    [GeneratedRegex(
        @"^(?:the\s+set\s+of\s+)?(?:[a-z]\s+(?:is|can\s+be)\s+)?(?:all|any|every)\s+(?:of\s+the\s+)?(?:(?<sign>positive)\s+(?=integer))?"
        + @"(?<kind>integers?|natural\s+numbers?|rational\s+numbers?|rationals|complex\s+numbers?)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"\\(?:text\w*|mathrm|mbox)\s*|[{}~]", RegexOptions.CultureInvariant)]
    private static partial Regex Markup();

    [GeneratedRegex(
        @"^(?:the\s+set\s+of\s+)?(?:x\s+(?:is|can\s+be)\s+)?(?:all|any|every)\s+(?:of\s+the\s+)?(?:(?<sign>positive|negative|non-?negative|non-?positive)\s+)?reals?(?:\s+numbers?|\s+values?)?(?:\s+of\s+x|\s+x)?(?:\s*,?\s*(?:except|other\s+than|excluding|but|not\s+equal\s+to)\s+(?:for\s+)?(?<out>.+))?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Phrase();
}
