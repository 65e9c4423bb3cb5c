using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// The arbitrary constants of a family of functions, such as C in C e^(2x): any usual name will do, one for each. They are C, K and
/// numbered letters (C_1, c_2); beside these also A, B and D, which are constants by themselves where both A and B are there, in no product
/// with each other. An answer has them only where it has a variable in a small letter, no other capital, and does not name them: C = 2πr.
/// </summary>
internal static class ArbitraryConstants
{
    private const int Most = 3;
    private static readonly HashSet<string> Companions = new(StringComparer.Ordinal) { "A", "B", "D" };
    private static readonly HashSet<string> Usual = new(StringComparer.Ordinal) { "A", "B", "C", "D", "K", "a", "b", "c", "k" };

    /// <summary>The given answer with the right one's names for its constants, in each order; nothing where either has none.</summary>
    public static IEnumerable<Node> Renamed(Node gold, Node predicted, WorkBudget budget)
    {
        var known = BoundNames.Free(gold);
        var constants = In(gold, known);
        if (constants.Count is 0 or > Most) return [];
        known.ExceptWith(constants);
        var names = BoundNames.Free(predicted).Where(name => !known.Contains(name) && (Usual.Contains(name) || IsNumbered(name))).ToList();
        if (names.Count != constants.Count) return [];
        return Orders(constants).Where(order => !order.SequenceEqual(names)).Select(order =>
        {
            // By names that nothing has, so that a swap is one.
            var renamed = predicted;
            for (var i = 0; i < names.Count; i++) renamed = BoundNames.Rename(renamed, names[i], $"@{i}", budget);
            for (var i = 0; i < names.Count; i++) renamed = BoundNames.Rename(renamed, $"@{i}", order[i], budget);
            return renamed;
        });
    }

    private static List<string> In(Node gold, HashSet<string> names)
    {
        var named = gold is Relation { Operators: ["="], Sides: [Symbol left, _] } ? left.Name : null;
        var constants = names.Where(name => name is "C" or "K" || IsNumbered(name)).ToList();
        if (constants.Count > 0) constants.AddRange(names.Where(Companions.Contains));
        else if (names.Contains("A") && names.Contains("B") && !AreMultiplied(gold)) constants = ["A", "B"];
        var others = names.Except(constants).ToList();
        return constants.Contains(named!) || !others.Exists(name => char.IsLower(name[0]))
            || others.Exists(name => name != named && char.IsUpper(name[0])) ? [] : constants;
    }

    private static bool IsNumbered(string name) => name.Length == 3 && name[1] == '_' && char.IsAsciiDigit(name[2])
        && Usual.Contains(name[..1]) && (name[0] is 'C' or 'K' or 'c' or 'k' or 'A');

    private static bool AreMultiplied(Node node) => Tree.Walk(node).OfType<Product>().Any(product =>
        product.Factors.Contains(new Symbol("A")) && product.Factors.Contains(new Symbol("B")));

    private static IEnumerable<List<string>> Orders(List<string> names) => names.Count == 1 ? [names]
        : names.SelectMany(first => Orders([.. names.Where(name => name != first)]).Select(rest => (List<string>)[first, .. rest]));
}
