using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>The constant of an indefinite integral: x² + C, whose name does not matter and which takes up any number beside it.</summary>
internal static class IntegrationConstant
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal) { "C", "K", "c", "k", "D", "A", "B" };

    /// <summary>A sum without its constant, and the constant's name; null when there is none.</summary>
    /// <param name="node">The sum.</param>
    /// <param name="isGold">Whether it is the right answer, in which only C and K are constants: other letters may be parameters.</param>
    public static (Node Integral, string Name)? TrySplit(Node node, bool isGold)
    {
        if (node is not Sum { Terms: var terms } || terms.Count < 2) return null;
        var at = Enumerable.Range(0, terms.Count).Where(i => NameIn(terms[i]) is { } name && IsName(name, isGold)).ToList();
        if (at.Count != 1) return null;
        var name = NameIn(terms[at[0]])!;
        var rest = terms.Where((_, i) => i != at[0]).ToList();
        var free = rest.SelectMany(BoundNames.Free).ToHashSet(StringComparer.Ordinal);
        // Of capitals and constants alone nothing is an integral: A + B + C.
        return free.Count > 0 && !free.Contains(name) && !free.Any(other => char.IsAsciiLetterUpper(other[0]))
            ? (rest.Count == 1 ? rest[0] : new Sum(rest), name) : null;
    }

    private static string? NameIn(Node term) => term switch
    {
        Symbol symbol => symbol.Name,
        Product { Factors: var factors } when factors.Count(factor => factor is Symbol) == 1
            && factors.All(factor => factor is Symbol || Tree.IsConstant(factor)) => factors.OfType<Symbol>().Single().Name,
        _ => null,
    };

    private static bool IsName(string name, bool isGold)
    {
        var bare = name.Split('_')[0];
        return isGold ? bare is "C" or "K" : Names.Contains(bare);
    }
}
