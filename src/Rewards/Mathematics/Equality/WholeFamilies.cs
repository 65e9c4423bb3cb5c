using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Families of answers by a whole number: π/6 + 2kπ, k ∈ ℤ. Any name of the number will do, and its domain may go without saying where it
/// counts turns.
/// </summary>
internal static class WholeFamilies
{
    private const string Counters = "nkmlz";

    /// <summary>The family as a list of its element and its domain, where it is written as a set by a condition.</summary>
    public static Node Listed(Node node) => node switch
    {
        SetBuilder { Element: var element, Condition: Relation { Operators: ["∈"], Sides: [Symbol name, NamedSet { Name: "ℤ" }] } domain }
            when BoundNames.Free(element).Contains(name.Name) => new Sequence(SequenceKind.List, [element, domain]),
        // {x | x = 3k + 1, k ∈ ℤ}
        SetBuilder
        {
            Element: Symbol all,
            Condition: Sequence { Items: [Relation { Operators: ["="], Sides: [Symbol one, var value] },
                Relation { Operators: ["∈"], Sides: [Symbol, NamedSet { Name: "ℤ" }] } range] },
        }
            when all.Name == one.Name => new Sequence(SequenceKind.List, [value, range]),
        _ => node,
    };

    /// <summary>The name of the whole number, by its domain or because it counts turns; null where there is none.</summary>
    public static string? NameOf(Node node) => (Domain(node) ?? Bound(node)) is { } domain ? ((Symbol)domain.Sides[0]).Name : Counter(node);

    /// <summary>Whether both families are by the same numbers: where none are told, by all whole ones.</summary>
    public static bool HaveLikeDomains(Node gold, Node predicted)
    {
        if (Domain(predicted) is null || SetOf(gold) is not { } right || SetOf(predicted) is not { } given) return true;
        return right == given;
    }

    private static string? SetOf(Node node) => Domain(node) is { } domain ? ((NamedSet)domain.Sides[1]).Name
        : Counter(node) is null ? null : "ℤ";

    private static Relation? Domain(Node node) => node is Sequence { IsOpen: true, Items: var items }
        ? items.OfType<Relation>().FirstOrDefault(item => item is { Operators: ["∈"], Sides: [Symbol, NamedSet] }) : null;

    // n = 2^k, k ≥ 1: a bound on a letter that another item has and does not name
    private static Relation? Bound(Node node) => node is Sequence { IsOpen: true,
            Items: [var element, Relation { Operators: ["≥" or ">" or "≤" or "<"], Sides: [Symbol counter, Number] } bound] }
        && BoundNames.Free(element).Contains(counter.Name)
        && !(element is Relation { Sides: [Symbol left, ..] } && left.Name == counter.Name) ? bound : null;

    // The only letter of an expression, where it is multiplied with π or with degrees.
    private static string? Counter(Node node)
    {
        if (node is Relation { Operators: ["="], Sides: [Symbol, var value] }) node = value;
        if (node is Relation or Sequence { IsOpen: false } || !HasTurns(node)) return null;
        if (BoundNames.Free(node) is not { Count: 1 } names || names.First() is not { Length: 1 } name || !Counters.Contains(name[0]))
            return null;
        return Tree.Walk(node).Any(part => part is Product or Measured { Unit: "°" } && HasTurns(part)
            && Tree.Walk(part).Any(inner => inner is Symbol symbol && symbol.Name == name)) ? name : null;
    }

    private static bool HasTurns(Node node) => Tree.Walk(node).Any(part => part is Symbol { Name: "π" } or Measured { Unit: "°" });
}
