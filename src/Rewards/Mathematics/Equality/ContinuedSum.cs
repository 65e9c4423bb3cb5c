using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Sums with dots, where the terms before them and the last one leave no doubt: 1 + 3 + ⋯ + (2n − 1) has its last term for the rule, whole
/// numbers between follow one difference or one quotient, and 1 + 1/2 + 1/4 + ⋯ goes on for ever.
/// </summary>
internal static class ContinuedSum
{
    private const int FirstStart = -2, LastStart = 4, MaxTerms = 400;

    /// <summary>The expression with such sums for their terms; the same one where it has none.</summary>
    public static Node Summed(Node node, WorkBudget budget) =>
        Tree.Walk(node).Any(part => part is Sum { Terms: var terms } && terms.Any(IsDots)) ? Replace(node, budget) : node;

    private static bool IsDots(Node term) => term is Symbol { Name: Vocabulary.Ellipsis };

    private static Node Replace(Node node, WorkBudget budget)
    {
        budget.Step();
        var replaced = Tree.Map(node, part => Replace(part, budget));
        return replaced is Sum { Terms: var terms } && Value(terms, budget) is { } sum ? sum : replaced;
    }

    // Null where terms have no dots, or do not tell their rule.
    private static Node? Value(IReadOnlyList<Node> terms, WorkBudget budget)
    {
        var dots = terms.ToList().FindIndex(IsDots);
        if (dots < 2 || dots < terms.Count - 2 || !terms.Take(dots).All(Tree.IsConstant)) return null;
        var depth = budget.Depth;
        try
        {
            var first = new List<Rational>();
            foreach (var term in terms.Take(dots))
            {
                if (Exact.TryValue(term, budget) is not { } value) return null;
                first.Add(value);
            }
            if (dots == terms.Count - 1) return Endless(first);
            var last = terms[^1];
            return Exact.TryValue(last, budget) is { } end ? UpTo(first, end) : ByRule(first, last, budget);
        }
        catch (UndefinedException)
        {
            budget.Depth = depth;
            return null;
        }
    }

    // 1 + 4 + ⋯ + n²: the last term at other whole numbers gives the first ones.
    private static Call? ByRule(List<Rational> first, Node last, WorkBudget budget)
    {
        if (BoundNames.Free(last) is not { Count: 1 } names) return null;
        var name = names.Single();
        for (var start = FirstStart; start <= LastStart; start++)
        {
            if (!Begins(start)) continue;
            var index = name == "k" ? "j" : "k";
            return new Call("sum", [new Relation([new Symbol(index), new Number(start)], ["="]), new Symbol(name),
                BoundNames.Rename(last, name, index, budget)]);
        }
        return null;

        bool Begins(int start)
        {
            for (var i = 0; i < first.Count; i++)
            {
                if (ValueAt(start + i) is not { } value || value != first[i]) return false;
            }
            return true;
        }

        Rational? ValueAt(int at)
        {
            try
            {
                return Exact.TryValue(WholeBounds.Substitute(last, name, at, budget), budget);
            }
            catch (UndefinedException)
            {
                return null; // 1/k at 0
            }
        }
    }

    // 1 + 2 + 3 + ⋯ + 100, 1 + 2 + 4 + ⋯ + 64
    private static Number? UpTo(List<Rational> first, Rational end)
    {
        var step = first[1] - first[0];
        var count = step.IsZero ? Rational.Zero : (end - first[0]) / step;
        if ((first.Count > 2 || step.Abs() == Rational.One) && IsSteady((a, b) => b - a == step) && count.IsInteger
            && count.CompareTo(first.Count) >= 0) return new Number((first[0] + end) * (count + 1) / 2);
        if (Quotient(first) is not { } quotient) return null;
        var (total, term) = (Rational.Zero, first[0]);
        for (var i = 0; i < MaxTerms && term.Bits < Rational.MaxBits / 2; i++, term *= quotient)
        {
            total += term;
            if (term == end) return i >= first.Count ? new Number(total) : null;
        }
        return null;

        bool IsSteady(Func<Rational, Rational, bool> holds) => Enumerable.Range(1, first.Count - 1).All(i => holds(first[i - 1], first[i]));
    }

    private static Number? Endless(List<Rational> first) => Quotient(first) is { } quotient && quotient.Abs().CompareTo(Rational.One) < 0
        ? new Number(first[0] / (Rational.One - quotient)) : null;

    // The quotient of neighbours, three terms at least.
    private static Rational? Quotient(List<Rational> first)
    {
        if (first.Count < 3 || first.Exists(value => value.IsZero)) return null;
        var quotient = first[1] / first[0];
        return Enumerable.Range(2, first.Count - 2).All(i => first[i] / first[i - 1] == quotient) && quotient.Abs() != Rational.One
            ? quotient : null;
    }
}
