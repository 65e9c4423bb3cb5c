using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Vectors that are written as sums of the unit vectors i, j, k, bold or not: 3i − 7j.</summary>
internal static class UnitVectors
{
    /// <summary>The three components, or null when the expression is no such sum.</summary>
    /// <param name="node">The expression.</param>
    /// <param name="plain">Whether letters that are not bold may be unit vectors, as where the other answer is a vector.</param>
    public static IReadOnlyList<Node>? TryRead(Node node, bool plain) => node switch
    {
        Symbol { Name: var name } when Index(name, plain) is { } index =>
            [.. Enumerable.Range(0, 3).Select(i => i == index ? Number.One : Number.Zero)],
        Sum { Terms: var terms } => terms.Select(term => TryRead(term, plain)).ToList() is var parts && parts.All(part => part is not null)
            ? [.. Enumerable.Range(0, 3).Select(i => new Sum([.. parts.Select(part => part![i])]))] : null,
        Product { Factors: var factors } => OfProduct(factors, plain),
        _ => null,
    };

    private static IReadOnlyList<Node>? OfProduct(IReadOnlyList<Node> factors, bool plain)
    {
        var vectors = factors.Select(factor => TryRead(factor, plain)).ToList();
        if (vectors.Count(vector => vector is not null) != 1) return null;
        var scalars = factors.Where((_, i) => vectors[i] is null).ToList();
        if (scalars.SelectMany(Tree.Walk).Any(part => part is Symbol symbol && Index(symbol.Name, plain) is not null)) return null;
        return [.. vectors.First(vector => vector is not null)!.Select(cell => Tree.Multiply([.. scalars, cell]))];
    }

    private static int? Index(string name, bool plain)
    {
        if (name.Length == 2 && name[1] == Vocabulary.Hat[0] || plain
            && name.Length == 1) return "ijk".IndexOf(name[0], StringComparison.Ordinal) is var index and >= 0 ? index : null;
        return null;
    }
}
