using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Whether two answers are the same, by their kinds. This part: the choice of the rule; words, units, percent, matrices.</summary>
internal sealed partial class AnswerComparer
{
    private readonly MathOptions options;
    private readonly WorkBudget budget;
    private readonly ExpressionComparer expressions;
    private readonly RealSets sets;
    private readonly Answers shapes;

    public AnswerComparer(MathOptions options, WorkBudget budget)
    {
        (this.options, this.budget) = (options, budget);
        expressions = new(options, budget);
        sets = new(expressions, budget);
        shapes = new(new Chains(Same, expressions.RealValue));
    }

    /// <summary>Whether the predicted answer is the right one.</summary>
    /// <exception cref="WorkLimitException">The budget is spent.</exception>
    public bool Same(Node gold, Node predicted)
    {
        budget.Enter();
        (gold, predicted) = (WholeFamilies.Listed(gold), WholeFamilies.Listed(predicted));
        if (!WholeFamilies.HaveLikeDomains(gold, predicted))
        {
            budget.Leave();
            return false;
        }
        if (ResidueClasses.TryRead(gold, budget) is { } residues && ResidueClasses.TryRead(predicted, budget) is { } given)
        {
            budget.Leave();
            return residues.IsSame(given);
        }
        if (WholeFamilies.NameOf(gold) is { } name && WholeFamilies.NameOf(predicted) is { } other
            && name != other) predicted = BoundNames.Rename(predicted, other, name, budget);
        var prepared = shapes.Prepare(predicted);
        var right = shapes.Prepare(gold);
        var same = SamePrepared(right, prepared)
            || gold is Relation chain && IsChain(chain) && Chains.Decimals(chain).Any(value => SamePrepared(value, prepared))
            // ln 10 ≈ 2.303 for 2.303
            || right is Number { IsDecimal: true } && predicted is Relation rounded && IsChain(rounded) && prepared is not Contradiction
                && Chains.Decimals(rounded).Any(value => SamePrepared(right, value));
        budget.Leave();
        return same;
    }

    private static bool IsChain(Relation relation) => relation.Operators.All(sign => sign is "=" or "≈");

    private bool SamePrepared(Node gold, Node predicted)
    {
        if (gold is Contradiction || predicted is Contradiction) return false;
        if (gold is CalendarDate || predicted is CalendarDate) return gold is CalendarDate date && predicted is CalendarDate day
            && date.IsSame(day);
        if (ClockTime.TryRead(gold) is { } time)
            return ClockTime.TryRead(Answers.TryAssignment(predicted)?.Value ?? predicted) is { } other && time.IsSame(other);
        if (gold is Words || predicted is Words) return SameWords(gold, predicted);
        // 2 (mod 9) as the answer to a question for the remainder
        if (gold is Product { Factors: [var rest, Call { Function: "pmod" }] }
            && predicted is not Product { Factors: [.., Call { Function: "pmod" }] })
            return Same(rest, predicted);
        if (gold is Measured || predicted is Measured) return SameMeasured(gold, predicted);
        if (gold is Percent || predicted is Percent) return SamePercent(gold, predicted);
        if (gold is Relation || predicted is Relation) return SameRelation(gold, predicted);
        if (SameVector(gold, predicted) is { } vectors) return vectors;
        if (gold is Matrix || predicted is Matrix) return SameMatrix(gold, predicted);
        if (IsSetLike(gold) || IsSetLike(predicted)) return SameSet(gold, predicted);
        if (gold is Sequence || predicted is Sequence) return SameSequence(gold, predicted);
        if (HasOddParts(gold) || HasOddParts(predicted)) return SameShape(gold, predicted);
        if (options.ImpliedBase && HasDigits(gold, predicted)) return true;
        if (IntegrationConstant.TrySplit(gold, isGold: true) is { } integral
            && IntegrationConstant.TrySplit(predicted, isGold: false) is { } answer)
        {
            return expressions.Same(integral.Integral, answer.Integral) || expressions.DifferByConstant(integral.Integral, answer.Integral);
        }
        return expressions.Same(gold, predicted)
            || gold is Product left && predicted is Product right && Units.TryMeasure(left) is { } amount
                && Units.TryMeasure(right) is { } other2 && SameMeasured(amount, other2)
            || options.Percent == PercentPolicy.AnyScale && expressions.RealValue(gold) is not null
                && (expressions.Same(Tree.Multiply(new Number(100), gold), predicted)
                    || expressions.Same(gold, Tree.Multiply(new Number(100), predicted)));
    }

    // Whether two vectors agree where one is written with unit vectors or as a named point; null when neither is.
    private bool? SameVector(Node gold, Node predicted)
    {
        (gold, predicted) = (PointOf(gold, predicted), PointOf(predicted, gold));
        var left = UnitVectors.TryRead(gold, plain: CellsOf(predicted) is not null);
        var right = UnitVectors.TryRead(predicted, plain: CellsOf(gold) is not null || left is not null);
        if (left is null && right is null) return gold is Sequence && predicted is Sequence ? SameSequence(gold, predicted) : null;
        left ??= CellsOf(gold) ?? UnitVectors.TryRead(gold, plain: true);
        right ??= CellsOf(predicted) ?? UnitVectors.TryRead(predicted, plain: true);
        if (left is null || right is null) return false;
        return left.Count is 2 or 3 && right.Count is 2 or 3 && SameOrdered(Padded(left), Padded(right));

        static IReadOnlyList<Node> Padded(IReadOnlyList<Node> cells) => cells.Count == 2 ? [.. cells, Number.Zero] : cells;
    }

    // The coordinates of a named point, P(3, 2), where the other answer is a point.
    private static Node PointOf(Node node, Node other) => other is not (Sequence or Matrix) ? node : node switch
    {
        Call { Function: ['f', 'n', ' ', >= 'A' and <= 'Z'], Arguments: { Count: > 1 } coordinates } =>
            new Sequence(SequenceKind.Tuple, coordinates),
        Product { Factors: [Symbol { Name: [>= 'A' and <= 'Z', ..] }, Sequence { Kind: SequenceKind.Tuple } point] } => point,
        _ => node,
    };

    private static IReadOnlyList<Node>? CellsOf(Node node) => node switch
    {
        Matrix { Rows: [var row] } => row,
        Matrix { Rows: var rows } when rows.All(row => row.Count == 1) => [.. rows.Select(row => row[0])],
        Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed, Items: var items } => items,
        _ => null,
    };

    // Whether a number has the digits of one in a base.
    private static bool HasDigits(Node inBase, Node number) =>
        inBase is Call { Function: "base", Arguments: [Number digits, ..] } && number is Number bare && bare.IsDecimal == digits.IsDecimal
            && bare.Value == digits.Value
        || inBase is Call { Function: "base", Arguments: [Words { Text: var letters }, ..] } && Spelled(number) == letters;

    // The characters of a product such as 3F, which may be digits.
    private static string? Spelled(Node node) => node switch
    {
        Number { Value: { IsInteger: true, Sign: >= 0 } value } => value.ToString(),
        Symbol { Name: [var letter] } when char.IsAsciiLetter(letter) => char.ToUpperInvariant(letter).ToString(),
        Product { Factors: var factors } when factors.Select(Spelled).ToList() is var parts && parts.All(part => part is not null) =>
            string.Concat(parts),
        _ => null,
    };

    private static bool IsSetLike(Node node) => node is Interval or SetOperation or NamedSet or SetBuilder;

    // Whether an expression holds parts that are no numbers.
    private static bool HasOddParts(Node node) =>
        node is Sequence or Relation or Matrix or Interval or SetOperation or NamedSet or SetBuilder
            || node is not Call { Function: "sum" or "prod" or "int" or "lim" } && Tree.Parts(node).Any(HasOddParts);

    // Trees of the same shape with the same leaves: for what has no algebra here.
    private bool SameShape(Node gold, Node predicted)
    {
        if (!HasOddParts(gold) && !HasOddParts(predicted))
            return gold is not Words && predicted is not Words ? expressions.Same(gold, predicted) : SameWords(gold, predicted);
        if (gold.GetType() != predicted.GetType()) return false;
        if (gold is Call a && predicted is Call b && a.Function != b.Function) return false;
        if (gold is Call { Function: "cases", Arguments: var cases } && predicted is Call { Arguments: var others })
            return SameCases(cases, others);
        if (gold is NamedSet c && predicted is NamedSet d && c.Name != d.Name) return false;
        if (gold is Sequence e && predicted is Sequence f && e.Kind != f.Kind) return false;
        if (gold is Relation g && predicted is Relation h && !g.Operators.SequenceEqual(h.Operators)) return false;
        budget.Enter();
        var (left, right) = (Tree.Parts(gold).ToList(), Tree.Parts(predicted).ToList());
        var same = left.Count == right.Count && left.Zip(right).All(pair => SameShape(pair.First, pair.Second));
        budget.Leave();
        return same;
    }

    private bool SameWords(Node gold, Node predicted)
    {
        if (gold is Words a && predicted is Words b) return TextAnswers.Same(a.Text, b.Text);
        var (words, other) = gold is Words left ? (left, predicted) : ((Words)predicted, gold);
        if (Numerals.TryParse(words.Text) is { } number) return Same(new Number(number), other is Measured measured ? measured.Value
            : other);
        if (TextAnswers.IsEmptySet(words.Text)) return other is NamedSet { Name: "∅" };
        if (TextAnswers.IsRealLine(words.Text)) return sets.TryCreate(other)?.IsSame(RealSet.All) == true;
        return other switch
        {
            Symbol symbol => TextAnswers.Same(words.Text, symbol.Name),
            Product => Letters(other) == words.Text,
            _ when Answers.TryAssignment(other) is { } assignment => Same(words, assignment.Value),
            _ => false,
        };
    }

    // The letters of a product such as AC, which may be a name; null for anything else.
    private static string? Letters(Node node) =>
        node is Product { Factors: var factors } && factors.All(factor => factor is Symbol { Name.Length: 1 })
        ? string.Concat(factors.Select(factor => ((Symbol)factor).Name)) : null;

    private bool SameMeasured(Node gold, Node predicted)
    {
        var (a, b) = (gold as Measured, predicted as Measured);
        if (a is not null && b is not null)
        {
            Unit left = Units.Parse(a.Unit), right = Units.Parse(b.Unit);
            if (InRadians(a) is { } angle && InRadians(b) is { } turn && a.Unit != b.Unit) return Same(angle, turn);
            if (ArePounds(a.Unit, b.Unit) || ArePounds(b.Unit, a.Unit)) return Same(a.Value, b.Value);
            if (left.IsLike(right))
                return left.Factor == right.Factor
                ? Same(a.Value, b.Value) : Same(Scaled(a.Value, left.Factor), Scaled(b.Value, right.Factor));
            if (IsCount(left) && right.AllKnown || IsCount(right) && left.AllKnown)
                return left.Powers.Count == 0 && right.Powers.Count == 0 && Same(a.Value, b.Value);
            if (UnitPower(left, right) is { } alike) return alike && Same(a.Value, b.Value);
            var related = left.Powers.Count == 0 || right.Powers.Count == 0 || !(left.AllKnown && right.AllKnown)
                && (left.Powers.Keys.All(right.Powers.ContainsKey) || right.Powers.Keys.All(left.Powers.ContainsKey));
            return related && Same(a.Value, b.Value);
        }
        var (measured, other) = a is not null ? (a, predicted) : (b!, gold);
        if (other is Relation && Answers.TryAssignment(other) is { } assignment) return Same(measured, assignment.Value);
        if (other is Sequence or Relation or Matrix or Interval) return !options.RequireUnits && Same(measured.Value, other);
        // $20 is no 20 %; "20 % of them" has its percent sign inside.
        if (other is Percent && measured.Value is not Percent && Units.Parse(measured.Unit).Powers.Count > 0) return false;
        if (measured.Unit == "°" && InRadians(measured) is { } radians && Same(radians, other)) return true;
        // The letter of a product may be a unit: 5 m.
        if (other is Product product && Units.TryMeasure(product) is { } letters
            && Units.Parse(letters.Unit).IsLike(Units.Parse(measured.Unit))) return Same(measured, letters);
        var bare = Units.Parse(measured.Unit).Powers.Count == 0;
        return (bare || !options.RequireUnits) && Same(measured.Value, other);
    }

    private static Node? InRadians(Measured angle) => angle.Unit switch
    {
        "°" or "degrees" or "degree" => Tree.Multiply(angle.Value, Symbol.Pi, new Number(Rational.Of(1, 180))),
        "rad" or "radians" or "radian" => angle.Value,
        _ => null,
    };

    // 5个: a measure word without a noun, which no unit is.
    private static bool IsCount(Unit unit) => unit is { AllKnown: false, Powers.Count: 0 };

    // Whether "square units" fits the other unit; null when neither is in units of no name. "Units" alone fits everything but those.
    private static bool? UnitPower(Unit a, Unit b)
    {
        static int? Power(Unit unit) =>
            unit.Powers is { Count: 1 } powers && powers.TryGetValue(Units.Nameless, out var power) ? power : null;
        return (Power(a), Power(b)) switch
        {
            (null, null) => null,
            ({ } one, { } other) => one == other,
            var (one, other) => (one ?? other!.Value) is var power && (power == 1 || (one is null ? a : b) is var named
                && (named.Powers.Count == 0 || named.Powers.Values.Max() == power)),
        };
    }

    // Money and weight have one name; the sign says which.
    private static bool ArePounds(string sign, string name) =>
        sign is "£" && name.ToLowerInvariant() is "pound" or "pounds" or "pounds sterling";

    private static Node Scaled(Node value, Rational factor) => factor == Rational.One ? value : Tree.Multiply(new Number(factor), value);

    private bool SamePercent(Node gold, Node predicted)
    {
        if (gold is Percent a && predicted is Percent b) return Same(a.Value, b.Value);
        var (percent, other) = gold is Percent left ? (left, predicted) : ((Percent)predicted, gold);
        if (other is Relation && Answers.TryAssignment(other) is { } assignment) other = assignment.Value;
        if (other is Percent again) return Same(percent.Value, again.Value);
        if (other is Sequence or Relation) return false;
        return options.Percent != PercentPolicy.Hundredth && percent.Value is not Percent && !IsProperFraction(gold)
            && Same(percent.Value, other)
            || Same(Scaled(percent.Value, Rational.Of(1, 100)), other);
    }

    // 3/8 as a right answer is a share, never per cent.
    private bool IsProperFraction(Node gold) => gold is Product { Factors: [Number, Power { Exponent: Number { Value.Sign: < 0 } }] }
        && expressions.RealValue(gold) is { } value && value < new Quad(1);

    private bool SameMatrix(Node gold, Node predicted)
    {
        if (gold is Matrix a && predicted is Matrix b)
        {
            return a.Rows.Count == b.Rows.Count
                && a.Rows.Zip(b.Rows)
                .All(rows =>
                    rows.First.Count == rows.Second.Count && rows.First.Zip(rows.Second).All(cell => Same(cell.First, cell.Second)));
        }
        var (matrix, other) = gold is Matrix left ? (left, predicted) : ((Matrix)predicted, gold);
        if (Scalar(other) is { } scalar) return HasSize(other, matrix.Rows.Count) && IsScalar(matrix, scalar);
        if (matrix is { Rows: [[var only]] } && other is not Sequence) return Same(only, other);
        // A vector may be written as a tuple, a matrix as rows in brackets.
        if (other is Sequence { Kind: SequenceKind.Bracketed } rows2
            && rows2.Items.All(item => item is Sequence { Kind: SequenceKind.Bracketed }))
        {
            return SameMatrix(matrix, new Matrix([.. rows2.Items.Select(item => ((Sequence)item).Items)]));
        }
        if (other is not Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed } tuple)
            return HasOddParts(other) && SameShape(gold, predicted);
        var cells = matrix.Rows.Count == 1 ? matrix.Rows[0] : matrix.Rows.All(row => row.Count == 1)
            ? [.. matrix.Rows.Select(row => row[0])] : null;
        return cells is not null && cells.Count == tuple.Items.Count && cells.Zip(tuple.Items).All(pair => Same(pair.First, pair.Second));
    }

    // The factor of 3I, the identity matrix in any size.
    private static Node? Scalar(Node node) => node switch
    {
        Symbol { Name: "I" or "I_2" or "I_3" or "I_4" } => Number.One,
        Product { Factors: [_, .., Symbol { Name: "I" or "I_2" or "I_3" or "I_4" }] factors } => Tree.Multiply([.. factors.SkipLast(1)]),
        _ => null,
    };

    private static bool HasSize(Node identity, int size) => Tree.Walk(identity).OfType<Symbol>().All(symbol =>
        !symbol.Name.StartsWith("I_", StringComparison.Ordinal) || symbol.Name[2..] == $"{size}");

    private bool IsScalar(Matrix matrix, Node scalar) => matrix.Rows.Count > 1 && matrix.Rows.Select((row, i) => (row, i)).All(line =>
        line.row.Count == matrix.Rows.Count
        && line.row.Select((cell, j) => Same(cell, line.i == j ? scalar : Number.Zero)).All(same => same));

    private bool SameSet(Node gold, Node predicted)
    {
        (gold, predicted) = (Images(WholePoints(gold)), Images(WholePoints(predicted)));
        if (gold is Sequence && predicted is Sequence) return SameSequence(gold, predicted);
        if (gold is Interval a && predicted is Interval b && a.LowClosed == b.LowClosed && a.HighClosed == b.HighClosed
            && Same(a.Low, b.Low) && Same(a.High, b.High)) return true;
        if (gold is Interval or Sequence { Kind: SequenceKind.Tuple, Items.Count: 2 }
            && predicted is Interval or Sequence { Kind: SequenceKind.Tuple, Items.Count: 2 } && Ends(gold) == Ends(predicted))
        {
            var (left, right) = (Tree.Parts(gold).ToList(), Tree.Parts(predicted).ToList());
            return Same(left[0], right[0]) && Same(left[1], right[1]);
        }
        if (sets.TryCreate(gold) is { } first && sets.TryCreate(predicted) is { } second) return first.IsSame(second);
        return SameShape(gold, predicted);
    }

    // {3k : k ∈ {1, 2, 3}}, or k = 1, 2, 3: the values one by one
    private Node Images(Node node)
    {
        if (node is not SetBuilder { Element: not Symbol and var element, Condition: var condition }) return node;
        var (name, values) = condition switch
        {
            Relation { Operators: ["∈"], Sides: [Symbol one, Sequence { Kind: SequenceKind.Set, Items: var items }] } => (one.Name, items),
            Sequence { IsOpen: true, Items: [Relation { Operators: ["="], Sides: [Symbol one, var first] }, .. ] several }
                when several.Skip(1).All(item => item is Number) => (one.Name, (IReadOnlyList<Node>)[first, .. several.Skip(1)]),
            _ => ("", []),
        };
        return name.Length == 0 || values.Count is 0 or > 60 || !values.All(value => value is Number) ? node
            : new Sequence(SequenceKind.Set,
                [.. values.Select(value => WholeBounds.Substitute(element, name, ((Number)value).Value, budget))]);
    }

    // The numbers of {x ∈ ℤ | −2 < x ≤ 2}, where they are few.
    private Node WholePoints(Node node) => node is SetBuilder { Element: Symbol element, Condition: Sequence { Kind: SequenceKind.All,
            Items: [Relation { Operators: ["∈"], Sides: [Symbol whole, NamedSet { Name: "ℤ" or "ℕ" } domain] }, var condition] } }
        && whole.Name == element.Name && sets.TryCreate(condition)?.WholeNumbers(domain.Name == "ℕ") is { } points
        ? new Sequence(SequenceKind.Set, [.. points.Select(point => new Number(point))]) : node;

    private static (bool, bool) Ends(Node node) => node is Interval interval ? (interval.LowClosed, interval.HighClosed) : (false, false);
}
