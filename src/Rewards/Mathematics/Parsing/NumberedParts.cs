using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>An answer of several parts with their numbers or letters: "(1) 5; (2) 7", "(a) x = 3 (b) yes".</summary>
internal static partial class NumberedParts
{
    private const int MaxParts = 8;

    /// <summary>The parts, each as an equation with its number for a name; null when the text has none.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="parse">Parses a part.</param>
    public static Node? TryRead(string text, Func<string, Node?> parse)
    {
        if (!text.Contains('(', StringComparison.Ordinal) && !text.Contains('（', StringComparison.Ordinal)) return null;
        var labels = Label().Matches(text);
        if (labels.Count is < 2 or > MaxParts || labels[0].Index != 0) return null;
        var parts = new List<Node>();
        for (var i = 0; i < labels.Count; i++)
        {
            if (NumberOf(labels[i].Groups["label"].Value) != i + 1) return null;
            var start = labels[i].Index + labels[i].Length;
            var end = i + 1 < labels.Count ? labels[i + 1].Index : text.Length;
            if (parse(Edges().Replace(text[start..end], "")) is not { } part) return null;
            if (part is Relation { Operators: ["="], Sides: [Symbol, var value] }) part = value;
            parts.Add(new Relation([new Symbol($"({i + 1})"), part], ["="]));
        }
        return new Sequence(SequenceKind.List, parts);
    }

    private static int NumberOf(string label) => label switch
    {
        ['i' or 'I' or 'v' or 'V', ..] => label.ToLowerInvariant() switch { "i" => 1, "ii" => 2, "iii" => 3, "iv" => 4, "v" => 5, _ => 0 },
        [>= 'a' and <= 'h'] => label[0] - 'a' + 1,
        [>= 'A' and <= 'H'] => label[0] - 'A' + 1,
        [>= '1' and <= '8'] => label[0] - '0',
        _ => 0,
    };

    // A label opens the text or follows a space or a sign between parts: f(1) is none.
    [GeneratedRegex(
        @"(?:^|(?<=[\s,;:.}]|\\[ ,;:]|\\q?quad|，|；))\s*(?:\\(?:text|mathrm|textbf|mathbf)\s*\{\s*)?(?:part\s*)?[(（](?<label>[1-8]|[a-hA-H]|i{1,3}|iv|v)[)）]\s*:?\s*\}?",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    [GeneratedRegex(
        @"^(?:\s|\\[ ,;:]|\\q?quad(?![a-z])|~)+|(?:\s|\\[ ,;:]|\\q?quad(?![a-z])|~|[,;，；.]|\\text\s*\{\s*(?:and)?\s*\}|\band\s*$)+$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Edges();
}
