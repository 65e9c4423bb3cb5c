using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>Computes sums, products and powers of matrices and of vectors, so that what is left is one matrix.</summary>
internal static class MatrixAlgebra
{
    private const int MaxCells = 100;
    private const int MaxPower = 12;

    /// <summary>The expression with its matrix arithmetic done, where the shapes allow it.</summary>
    public static Node Reduce(Node node, WorkBudget budget) => Tree.Walk(node).Any(part =>
        part is Matrix or Sequence { Kind: SequenceKind.Tuple }) ? Reduced(node, budget) : node;

    private static Node Reduced(Node node, WorkBudget budget)
    {
        budget.Step();
        var reduced = Tree.Map(node, part => Reduced(part, budget));
        return reduced switch
        {
            Sum { Terms: var terms } when terms.All(IsMatrix) =>
                Folded(terms, (a, b) => Added(AsMatrix(a), AsMatrix(b)), budget) ?? reduced,
            Product { Factors: var factors } when factors.Any(IsMatrix)
                && !IsNamedPoint(factors) => Folded(factors, (a, b) => Multiplied(a, b, budget), budget) ?? reduced,
            Power { Base: Matrix matrix, Exponent: Number { Value: { IsInteger: true } exponent } } =>
                Raised(matrix, exponent, budget) ?? reduced,
            Call { Function: "det" or "abs", Arguments: [Matrix { Rows: { Count: > 1 } } square] }
                when square.Rows.All(row => row.Count == square.Rows.Count) => Determinants.Of(square, budget) ?? reduced,
            Call { Function: "abs" or "norm", Arguments: [var vector] } when Cells(vector) is { } cells => Determinants.Length(cells),
            _ => reduced,
        };
    }

    private static IReadOnlyList<Node>? Cells(Node node) => node switch
    {
        Sequence { Kind: SequenceKind.Tuple, Items: var items } => items,
        Matrix { Rows: [{ Count: > 1 } row] } => row,
        Matrix { Rows: var rows } when rows.Count > 1 && rows.All(row => row.Count == 1) => [.. rows.Select(row => row[0])],
        _ => null,
    };

    private static bool IsMatrix(Node node) => node is Matrix or Sequence { Kind: SequenceKind.Tuple };

    // P (3, 2): a name and a point.
    private static bool IsNamedPoint(IReadOnlyList<Node> factors) => factors is [Symbol { Name: [>= 'A' and <= 'Z', ..] }, Sequence];

    private static Matrix AsMatrix(Node node) => node is Matrix matrix ? matrix
        : new Matrix([.. ((Sequence)node).Items.Select(item => (IReadOnlyList<Node>)[item])]);

    private static Node? Folded(IReadOnlyList<Node> parts, Func<Node, Node, Node?> combine, WorkBudget budget)
    {
        var isTuple = parts.All(part => part is not Matrix);
        Node? total = null;
        foreach (var part in parts)
        {
            budget.Step(4);
            total = total is null ? part : combine(total, part);
            if (total is null) return null;
        }
        return isTuple && total is Matrix { Rows: var rows } && rows.All(row => row.Count == 1)
            ? new Sequence(SequenceKind.Tuple, [.. rows.Select(row => row[0])]) : total;
    }

    private static Matrix? Added(Matrix a, Matrix b) =>
        a.Rows.Count == b.Rows.Count && a.Rows.Zip(b.Rows).All(pair => pair.First.Count == pair.Second.Count)
            ? new Matrix([.. a.Rows.Zip(b.Rows, (left, right) => (IReadOnlyList<Node>)[.. left.Zip(right, (x, y) => new Sum([x, y]))])])
            : null;

    private static Node? Multiplied(Node a, Node b, WorkBudget budget)
    {
        if (!IsMatrix(a) && !IsMatrix(b)) return Tree.Multiply(a, b);
        if (!IsMatrix(a) || !IsMatrix(b))
        {
            var (scalar, matrix) = IsMatrix(a) ? (b, AsMatrix(a)) : (a, AsMatrix(b));
            return scalar is Sequence or Relation or Words ? null
                : new Matrix([.. matrix.Rows.Select(row => (IReadOnlyList<Node>)[.. row.Select(cell => Tree.Multiply(scalar, cell))])]);
        }
        var (left, right) = (AsMatrix(a), AsMatrix(b));
        if (left.Rows[0].Count != right.Rows.Count || left.Rows.Any(row => row.Count != right.Rows.Count)
            || right.Rows.Any(row => row.Count != right.Rows[0].Count)) return null;
        if (left.Rows.Count * right.Rows[0].Count > MaxCells) return null;
        budget.Step(left.Rows.Count * right.Rows[0].Count * right.Rows.Count);
        return new Matrix([.. left.Rows.Select(row => (IReadOnlyList<Node>)[.. Enumerable.Range(0, right.Rows[0].Count).Select(column =>
            new Sum([.. row.Select((cell, k) => Tree.Multiply(cell, right.Rows[k][column]))]))])]);
    }

    private static Node? Raised(Matrix matrix, Rational exponent, WorkBudget budget)
    {
        if (exponent == Rational.MinusOne && matrix.Rows is [[var a, var b], [var c, var d]])
        {
            var factor = new Power(Tree.Minus(Tree.Multiply(a, d), Tree.Multiply(b, c)), Number.MinusOne);
            return Multiplied(factor, new Matrix([[d, Tree.Negate(b)], [Tree.Negate(c), a]]), budget);
        }
        if (exponent.Sign <= 0 || exponent.CompareTo(MaxPower) > 0) return null;
        Node? power = matrix;
        for (var i = 1; i < (int)exponent.Numerator && power is Matrix; i++) power = Multiplied(power, matrix, budget);
        return power;
    }
}
