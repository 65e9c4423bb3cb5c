using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Turns intervals, unions, conditions and inequalities in one variable into sets of real numbers.</summary>
internal sealed class RealSets(ExpressionComparer expressions, WorkBudget budget)
{
    private const int MaxDegree = 8;

    /// <summary>The set, or null when the node is not one or it cannot be computed.</summary>
    public RealSet? TryCreate(Node node)
    {
        budget.Enter();
        var set = node switch
        {
            NamedSet { Name: "ℝ" } => RealSet.All,
            NamedSet { Name: "∅" } => RealSet.Empty,
            NamedSet { Name: "ℝ+" } => RealSet.Interval(0, Quad.PositiveInfinity, false, false),
            NamedSet { Name: "ℝ-" } => RealSet.Interval(Quad.NegativeInfinity, 0, false, false),
            Interval interval => Between(interval.Low, interval.High, interval.LowClosed, interval.HighClosed),
            Sequence { Kind: SequenceKind.Tuple, Items: [var low, var high] } => Between(low, high, false, false),
            Sequence { Kind: SequenceKind.Bracketed, Items: [var low, var high] } => Between(low, high, true, true),
            Sequence { Kind: SequenceKind.Set } several => Points(several.Items),
            Sequence { Kind: SequenceKind.Any } several => Joined(several.Items, (a, b) => a || b),
            Sequence { Kind: SequenceKind.All } several => Intersected(several.Items, isLoose: false),
            Sequence { Kind: SequenceKind.List } several => Intersected(several.Items),
            SetOperation operation => Operated(operation),
            // {x ∈ ℝ | x < 1 or x > 4}
            SetBuilder { Element: Symbol, Condition: Sequence { Kind: SequenceKind.All, Items: [Relation { Operators: ["∈"] },
                Sequence { IsOpen: true }] conditions } } => Joined(conditions, (a, b) => a && b),
            SetBuilder { Element: Symbol, Condition: var condition } => TryCreate(condition),
            Relation relation => Solved(relation),
            _ => null,
        };
        budget.Leave();
        return set;
    }

    /// <summary>
    /// The sets that a node may describe: relations joined by commas hold together, or are alternatives; never the empty set.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="isGold">Whether it is the right answer: where its "and" leaves nothing, "or" is meant.</param>
    public IReadOnlyList<RealSet> Readings(Node node, bool isGold)
    {
        if (node is Sequence { Items: { Count: > 1 } items } several && (several.Kind is SequenceKind.List
            || isGold && several.Kind is SequenceKind.All && Joined(items, (a, b) => a && b) is { IsEmpty: true })
                && items.All(item => item is Relation))
        {
            RealSet?[] both = [Joined(items, (a, b) => a && b), Joined(items, (a, b) => a || b)];
            return [.. both.Where(set => set is { IsEmpty: false }).Select(set => set!)];
        }
        return TryCreate(node) is { } one ? [one] : [];
    }

    private RealSet Combined(RealSet a, RealSet b, Func<bool, bool, bool> rule)
    {
        budget.Step(8 + (4 * (a.Count + b.Count)));
        return RealSet.Combine(a, b, rule);
    }

    private RealSet? Between(Node low, Node high, bool lowClosed, bool highClosed) =>
        expressions.RealValue(low) is { } from && expressions.RealValue(high) is { } to
            && (from < to || lowClosed && highClosed && !(to < from)) ? RealSet.Interval(from, to, lowClosed, highClosed) : null;

    private RealSet? Points(IReadOnlyList<Node> items)
    {
        var values = new List<Quad>();
        foreach (var item in items)
        {
            if (item is Sequence or Relation or Words || expressions.RealValue(item) is not { IsFinite: true } value) return null;
            values.Add(value);
        }
        budget.Step(values.Count * values.Count);
        return RealSet.Points(values);
    }

    private RealSet? Joined(IReadOnlyList<Node> items, Func<bool, bool, bool> rule)
    {
        RealSet? all = null;
        foreach (var item in items)
        {
            if (TryCreate(item) is not { } set) return null;
            all = all is null ? set : Combined(all, set, rule);
        }
        return all;
    }

    // Relations hold together. Nothing but commas between some that exclude each other can but mean either; the word "and" says what it
    // says.
    private RealSet? Intersected(IReadOnlyList<Node> items, bool isLoose = true)
    {
        if (!items.All(item => item is Relation))
            return items.Any(item => item is Relation or Sequence { Kind: not SequenceKind.Tuple })
            ? null : Joined(items, (a, b) => a || b);
        var both = Joined(items, (a, b) => a && b);
        return both is { IsEmpty: true } && isLoose ? Joined(items, (a, b) => a || b) : both;
    }

    private RealSet? Operated(SetOperation operation)
    {
        var left = TryCreate(operation.Left) ?? Points([operation.Left]);
        var right = TryCreate(operation.Right) ?? Points([operation.Right]);
        return left is null || right is null ? null : Combined(left, right, operation.Operator switch
        {
            '∪' => (a, b) => a || b,
            '∩' => (a, b) => a && b,
            _ => (a, b) => a && !b,
        });
    }

    private RealSet? Solved(Relation relation)
    {
        var variables = relation.Sides.SelectMany(Tree.Walk).OfType<Symbol>().Where(symbol => !symbol.IsConstant)
            .Select(symbol => symbol.Name).Distinct().Take(2).ToList();
        if (variables.Count != 1) return null;
        RealSet? all = null;
        for (var i = 0; i < relation.Operators.Count; i++)
        {
            var (left, right) = (relation.Sides[i], relation.Sides[i + 1]);
            var set = relation.Operators[i] switch
            {
                "∈" when left is Symbol => TryCreate(right),
                "∉" when left is Symbol && (TryCreate(right) ?? Points([right])) is { } outside =>
                    Combined(RealSet.All, outside, (a, b) => a && !b),
                "<" or ">" or "≤" or "≥" or "≠" or "=" => Solved(left, relation.Operators[i], right, variables[0]),
                _ => null,
            };
            if (set is null) return null;
            all = all is null ? set : Combined(all, set, (a, b) => a && b);
        }
        return all;
    }

    private RealSet? Solved(Node left, string sign, Node right, string variable)
    {
        var breaks = new List<Quad>();
        if (left is Symbol && expressions.RealValue(right) is { } bound) breaks.Add(bound);
        else if (right is Symbol && expressions.RealValue(left) is { } other) breaks.Add(other);
        else if (!Breaks(Tree.Minus(left, right), variable, breaks)) return null;

        return RealSet.Create(breaks, x =>
        {
            var evaluator = new Evaluator(_ => x, budget);
            ComplexQuad a = evaluator.Value(left), b = evaluator.Value(right);
            if (double.IsNaN(a.Real.High) || double.IsNaN(b.Real.High) || a.IsFinite && !a.IsReal || b.IsFinite && !b.IsReal) return false;
            var distance = double.IsInfinity(a.Real.High) || double.IsInfinity(b.Real.High)
                ? a.Real.High.CompareTo(b.Real.High) : (a.Real - b.Real).High;
            if (Math.Abs(distance) <= 1e-18 * (1 + Math.Abs(b.Real.High))) distance = 0;
            return sign switch { "<" => distance < 0, ">" => distance > 0, "≤" => distance <= 0, "≥" => distance >= 0, "≠" => distance != 0,
                _ => distance == 0 };
        });
    }

    // Where a quotient of polynomials with absolute values may change its sign; false when it is none.
    private bool Breaks(Node difference, string variable, List<Quad> breaks)
    {
        budget.Enter();
        var absolute = Tree.Walk(difference).OfType<Call>().FirstOrDefault(call => call.Function == "abs");
        bool found;
        if (absolute is not null)
        {
            var inner = absolute.Arguments[0];
            found = Breaks(Replace(difference, absolute, inner), variable, breaks)
                && Breaks(Replace(difference, absolute, Tree.Negate(inner)), variable, breaks) && Breaks(inner, variable, breaks);
        }
        else
        {
            var depth = budget.Depth;
            try
            {
                var forms = new NormalForm(budget);
                var generator = forms.Generators.Symbol(variable);
                found = forms.TryForm(difference) is { } form && form.Above.Coefficients(generator, MaxDegree) is { } above
                    && form.Below.Coefficients(generator, MaxDegree) is { } below
                    && AddRoots(above, breaks) && AddRoots(below, breaks);
            }
            catch (UndefinedException)
            {
                budget.Depth = depth;
                found = false;
            }
        }
        budget.Leave();
        return found;
    }

    private static Node Replace(Node node, Node what, Node with) =>
        ReferenceEquals(node, what) ? with : Tree.Map(node, part => Replace(part, what, with));

    private bool AddRoots(Rational[] coefficients, List<Quad> breaks)
    {
        breaks.AddRange(RealRoots([.. coefficients.Select(Quad.Of)]));
        return true;
    }

    // Real roots between the extrema, by bisection and Newton steps; double ones are extrema.
    private List<Quad> RealRoots(Quad[] coefficients)
    {
        budget.Step(64);
        var degree = coefficients.Length - 1;
        while (degree > 0 && coefficients[degree].IsZero) degree--;
        if (degree == 0) return [];
        if (degree == 1) return [-(coefficients[0] / coefficients[1])];
        var slopes = new Quad[degree];
        for (var i = 1; i <= degree; i++) slopes[i - 1] = coefficients[i] * i;
        Quad At(Quad[] polynomial, Quad x)
        {
            Quad value = 0;
            for (var i = polynomial.Length - 1; i >= 0; i--) value = (value * x) + polynomial[i];
            return value;
        }

        var size = 1 + coefficients[..degree].Max(coefficient => Math.Abs((coefficient / coefficients[degree]).High));
        var marks = RealRoots(slopes).OrderBy(mark => mark.High).Prepend(-size).Append(size).ToList();
        var roots = new List<Quad>();
        for (var i = 0; i < marks.Count; i++)
        {
            if (Math.Abs(At(coefficients, marks[i]).High) <= 1e-24 * size) roots.Add(marks[i]);
            if (i + 1 == marks.Count) break;
            Quad low = marks[i], high = marks[i + 1];
            var rising = At(coefficients, low).High < 0;
            if (rising == At(coefficients, high).High < 0) continue;
            for (var step = 0; step < 60; step++)
            {
                budget.Step();
                var middle = (low + high) * 0.5;
                if (At(coefficients, middle).High < 0 == rising) low = middle;
                else high = middle;
            }
            var root = (low + high) * 0.5;
            for (var step = 0; step < 3; step++)
            {
                var slope = At(slopes, root);
                if (Math.Abs(slope.High) > 1e-20) root -= At(coefficients, root) / slope;
            }
            roots.Add(root);
        }
        return roots;
    }
}
