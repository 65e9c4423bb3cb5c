using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Sums and products with letters in their bounds. Such letters are whole numbers, so both sides are written out at several of them and
/// compared: the sum of k from 1 to n is n(n + 1)/2.
/// </summary>
internal static class WholeBounds
{
    private const int MostTerms = 40;

    // Numbers of one digit: in a_{ij} each index is one.
    private static readonly int[][] Points = [[3, 2], [2, 4], [5, 3], [4, 7], [7, 5], [6, 9], [9, 6]];

    /// <summary>The letters in the bounds of either side; none where there are no sums, or more letters than can be tried.</summary>
    public static IReadOnlyList<string> Letters(Node a, Node b)
    {
        var letters = Tree.Walk(a).Concat(Tree.Walk(b)).OfType<Call>().Where(IsSeries).SelectMany(call =>
            BoundNames.Free(Lower(call)).Concat(BoundNames.Free(call.Arguments[1]))).Where(name => name[0] != '#').Distinct().ToList();
        return letters.Count > 2 ? [] : letters;
    }

    /// <summary>Whether a tree has a sum or product that can be written out.</summary>
    public static bool HasSeries(Node node) => Tree.Walk(node).Any(part => part is Call call && IsSeries(call));

    /// <summary>The trees with numbers for the letters and their sums and products written out, at each point.</summary>
    /// <param name="a">One side.</param>
    /// <param name="b">The other.</param>
    /// <param name="letters">The letters in their bounds.</param>
    /// <param name="budget">Bounds the work.</param>
    public static IEnumerable<(Node A, Node B)> WrittenOut(Node a, Node b, IReadOnlyList<string> letters, WorkBudget budget)
    {
        if (letters.Count == 0) return [(Expand(a, budget), Expand(b, budget))];
        return Points.Select(point => (Expand(At(a, letters, point, budget), budget), Expand(At(b, letters, point, budget), budget)));
    }

    private static Node At(Node node, IReadOnlyList<string> letters, int[] point, WorkBudget budget)
    {
        for (var i = 0; i < letters.Count; i++) node = Substitute(node, letters[i], point[i], budget);
        return node;
    }

    private static bool IsSeries(Call call) => call is { Function: "sum" or "prod",
        Arguments: [Relation { Operators: ["="], Sides: [Symbol, _] }, not (Words or Symbol { Name: "∞" }), _] };

    private static Node Lower(Call call) => ((Relation)call.Arguments[0]).Sides[1];

    // From the outside in: the bounds of an inner sum may hold the index of an outer one.
    private static Node Expand(Node node, WorkBudget budget)
    {
        budget.Step();
        if (node is not Call call || !IsSeries(call) || Exact.TryValue(Lower(call), budget) is not { IsInteger: true } from
            || Exact.TryValue(call.Arguments[1], budget) is not { IsInteger: true } to || (to - from).CompareTo(MostTerms) > 0)
            return Tree.Map(node, part => Expand(part, budget));
        var name = ((Symbol)((Relation)call.Arguments[0]).Sides[0]).Name;
        var terms = new List<Node>();
        for (var k = from; k.CompareTo(to) <= 0; k += 1)
            terms.Add(Expand(Substitute(call.Arguments[2], name, k, budget), budget));
        return (call.Function, terms.Count) switch
        {
            ("sum", 0) => Number.Zero,
            ("prod", 0) => Number.One,
            (_, 1) => terms[0],
            ("sum", _) => new Sum(terms),
            _ => new Product(terms),
        };
    }

    /// <summary>A number for a letter, in indexes too: a_k at 3 is a_3.</summary>
    public static Node Substitute(Node node, string name, Rational value, WorkBudget budget)
    {
        budget.Step(2);
        return node switch
        {
            Symbol symbol when symbol.Name == name => new Number(value),
            Symbol symbol when symbol.Name.IndexOf('_', StringComparison.Ordinal) is var cut and > 0
                && symbol.Name.IndexOf(name, cut, StringComparison.Ordinal) > 0 =>
                new Symbol(symbol.Name[..(cut + 1)] + symbol.Name[(cut + 1)..].Replace(name, $"{value}", StringComparison.Ordinal)),
            Symbol => node,
            Call { Function: ['a', 't', ' ', ..] function, Arguments: [var index] } =>
                Indexed(function, Substitute(index, name, value, budget), budget),
            _ => Tree.Map(node, part => Substitute(part, name, value, budget)),
        };
    }

    // a_{k+1} at a known k is a symbol such as a_3.
    private static Node Indexed(string function, Node index, WorkBudget budget) =>
        Exact.TryValue(index, budget) is { IsInteger: true } whole
            ? new Symbol($"{function[3..]}_{whole}") : new Call(function, [index]);
}
