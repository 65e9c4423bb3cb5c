using R1Cloud.Rewards.Mathematics.Equality;
using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Extraction;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics;

/// <summary>Parses of the pieces of one text, by the ways in which numbers may be written.</summary>
/// <param name="options">Whether a comma may be a decimal point.</param>
/// <param name="budget">Bounds the work.</param>
internal sealed class Parses(MathOptions options, WorkBudget budget)
{
    private readonly Dictionary<string, Node?> first = new(StringComparer.Ordinal);

    /// <summary>The tree of a piece with commas as separators of thousands, or null.</summary>
    public Node? First(string text)
    {
        if (text.Length > AnswerExtractor.MaxAnswerLength) return null;
        if (!first.TryGetValue(text, out var node)) first.Add(text, node = Parse(text, new(ThousandsComma: true, DecimalComma: false)));
        return node;
    }

    /// <summary>All trees of a piece.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="isGold">Whether it is the right answer, in which a small k is no thousand: 5k may be five times k.</param>
    public List<Node> All(string text, bool isGold)
    {
        var all = new List<Node>();
        if (text.Length > AnswerExtractor.MaxAnswerLength) return all;
        if (First(text) is { } node) all.Add(node);
        // 15 out of 20 is three quarters, or 15 of them.
        if (Respelling.Counted(text) is { } counted
            && Parse(counted, new(ThousandsComma: true, DecimalComma: false)) is { } some) all.Add(some);
        if (HasAmbiguousComma(text) && Parse(text, new(ThousandsComma: false, DecimalComma: false)) is { } list) all.Add(list);
        if (options.DecimalComma && text.Contains(',', StringComparison.Ordinal)
            && Parse(text, new(ThousandsComma: false, DecimalComma: true)) is { } european) all.Add(european);
        if (MagnitudeLetter.IsIn(text, withSmall: !isGold)
            && Parse(MagnitudeLetter.Spelled(text), new(ThousandsComma: true, DecimalComma: false)) is { } large) all.Add(large);
        return all;
    }

    private Node? Parse(string text, NumberStyle style) => AnswerParser.TryParse(text, style, budget) is { } node
        ? MatrixAlgebra.Reduce(BoundNames.Normalize(ContinuedSum.Summed(node, budget), budget), budget) : null;

    // Whether a comma may be both: 100,200 is two numbers or one. No item of a list begins with a zero: 1,000 is one.
    private static bool HasAmbiguousComma(string text)
    {
        var found = false;
        for (var i = 1; i + 3 < text.Length; i++)
        {
            if (text[i] == ',' && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]) && char.IsAsciiDigit(text[i + 2])
                && char.IsAsciiDigit(text[i + 3]))
            {
                if (text[i + 1] == '0') return false;
                found = true;
            }
        }
        return found;
    }
}
