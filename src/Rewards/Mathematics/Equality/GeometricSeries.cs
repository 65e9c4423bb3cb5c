using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Sums without an end whose terms have a constant quotient between -1 and 1: they are their first term over 1 − q.</summary>
internal static class GeometricSeries
{
    /// <summary>The expression with such sums summed; the same one where it has none.</summary>
    public static Node Summed(Node node, WorkBudget budget) => Tree.Walk(node).Any(IsEndless) ? Replace(node, budget) : node;

    private static bool IsEndless(Node node) => node is Call { Function: "sum",
        Arguments: [Relation { Operators: ["="], Sides: [Symbol, _] }, Symbol { Name: "∞" }, _] };

    private static Node Replace(Node node, WorkBudget budget)
    {
        budget.Step();
        if (IsEndless(node) && Value((Call)node, budget) is { } value) return value;
        return Tree.Map(node, part => Replace(part, budget));
    }

    private static Node? Value(Call sum, WorkBudget budget)
    {
        var range = (Relation)sum.Arguments[0];
        var (name, body) = (((Symbol)range.Sides[0]).Name, sum.Arguments[2]);
        if (Exact.TryValue(range.Sides[1], budget) is not { IsInteger: true } from || Quotient(body, name, budget) is not { } quotient
            || Exact.TryValue(quotient, budget) is not { IsZero: false } ratio || ratio.Abs().CompareTo(Rational.One) >= 0) return null;
        return Tree.Divide(WholeBounds.Substitute(body, name, from, budget), new Number(Rational.One - ratio));
    }

    // What a term is multiplied by when its index grows by one; null when that depends on the index or is not known to be so.
    private static Node? Quotient(Node node, string name, WorkBudget budget)
    {
        budget.Step();
        if (!Holds(node, name)) return Number.One;
        switch (node)
        {
            case Product { Factors: var factors }:
                var quotients = new List<Node>();
                foreach (var factor in factors)
                {
                    if (Quotient(factor, name, budget) is not { } quotient) return null;
                    quotients.Add(quotient);
                }
                return Tree.Multiply(quotients);
            case Power { Base: var known, Exponent: var exponent } when !Holds(known, name):
                return Slope(exponent, name) is { } slope ? new Power(known, slope) : null;
            case Power { Base: var inner, Exponent: Number { Value.IsInteger: true } whole }:
                return Quotient(inner, name, budget) is { } repeated ? new Power(repeated, whole) : null;
            default:
                return null;
        }
    }

    // By how much an exponent that is linear in the index grows with it.
    private static Node? Slope(Node node, string name)
    {
        if (!Holds(node, name)) return Number.Zero;
        switch (node)
        {
            case Symbol:
                return Number.One;
            case Sum { Terms: var terms }:
                var slopes = terms.Select(term => Slope(term, name)).ToList();
                return slopes.Contains(null) ? null : new Sum([.. slopes.Select(slope => slope!)]);
            case Product { Factors: var factors } when factors.Count(factor => Holds(factor, name)) == 1:
                var slopeOf = Slope(factors.Single(factor => Holds(factor, name)), name);
                return slopeOf is null ? null : Tree.Multiply([slopeOf, .. factors.Where(factor => !Holds(factor, name))]);
            default:
                return null;
        }
    }

    private static bool Holds(Node node, string name) => Tree.Walk(node).Any(part =>
        part is Symbol symbol && symbol.Name.Contains(name, StringComparison.Ordinal)
        || part is Call { Function: var function } && function.Contains(' ', StringComparison.Ordinal)
            && function.Contains(name, StringComparison.Ordinal));
}
