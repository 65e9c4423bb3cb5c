using System.Text.RegularExpressions;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>A tuple with all its permutations: "(1, 2, 3) and all permutations".</summary>
internal static partial class Permutations
{
    private const int MostItems = 4;

    /// <summary>The list of all of them, or null when the text is no such answer.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="parse">Parses the tuple.</param>
    public static Node? TryRead(string text, Func<string, Node?> parse)
    {
        if (!text.Contains("permut", StringComparison.OrdinalIgnoreCase) || Phrase().Match(text) is not { Success: true } match
            || parse(match.Groups["tuple"].Value) is not { } node) return null;
        if (node is Relation { Operators: ["="], Sides: [Sequence, var value] }) node = value;
        if (node is not Sequence { Kind: SequenceKind.Tuple, Items: { Count: <= MostItems } items } || !items.All(item => item is Number))
            return null;
        var all = Orders([.. items.Cast<Number>()]).DistinctBy(order => string.Join(';', order.Select(item => item.Value))).ToList();
        return new Sequence(SequenceKind.List, [.. all.Select(order => new Sequence(SequenceKind.Tuple, [.. order]))]);
    }

    private static IEnumerable<List<Number>> Orders(List<Number> items) => items.Count <= 1 ? [items]
        : items.SelectMany((first, i) => Orders([.. items.Where((_, j) => j != i)]).Select(rest => (List<Number>)[first, .. rest]));

    [GeneratedRegex(
        @"^\s*(?<tuple>[^a-z]*?\([^()]+\))[\s,.]*(?:\\text\s*\{)?[\s,]*(?:and|with|along\s+with|plus|or)?\s*(?:all\s+|any\s+)?(?:(?:of\s+)?(?:its|their|the)\s+)?permutations?"
        + @"(?:\s+(?:thereof|of\s+(?:it|this|these|them)))?[\s.}]*$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Phrase();
}
