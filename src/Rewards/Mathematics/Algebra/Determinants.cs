using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>Determinants of small matrices, and lengths of vectors, as expressions.</summary>
internal static class Determinants
{
    private const int MaxSize = 5;

    /// <summary>The determinant by its first row (Laplace); null of what is not square or too large.</summary>
    public static Node? Of(Matrix matrix, WorkBudget budget)
    {
        var rows = matrix.Rows;
        return rows.Count > MaxSize || rows.Any(row => row.Count != rows.Count) || rows.SelectMany(row => row).Any(cell =>
            cell is Words or Sequence or Relation or Matrix) ? null : Expanded(rows, budget);
    }

    /// <summary>The length of a row or column: the root of the sum of squares of sizes.</summary>
    public static Node Length(IReadOnlyList<Node> cells) => Tree.Root(new Sum([.. cells.Select(cell =>
        new Power(new Call("abs", [cell]), new Number(2)))]), new Number(2));

    private static Node Expanded(IReadOnlyList<IReadOnlyList<Node>> rows, WorkBudget budget)
    {
        budget.Step(rows.Count);
        if (rows.Count == 1) return rows[0][0];
        var terms = new List<Node>();
        for (var column = 0; column < rows.Count; column++)
        {
            if (rows[0][column] is Number { Value.IsZero: true }) continue;
            var left = column;
            var minor = rows.Skip(1).Select(row => (IReadOnlyList<Node>)[.. row.Where((_, i) => i != left)]).ToList();
            var term = Tree.Multiply(rows[0][column], Expanded(minor, budget));
            terms.Add(column % 2 == 0 ? term : Tree.Negate(term));
        }
        return terms.Count == 0 ? Number.Zero : terms.Count == 1 ? terms[0] : new Sum(terms);
    }
}
