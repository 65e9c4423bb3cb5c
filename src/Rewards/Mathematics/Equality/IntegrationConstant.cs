using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// The constant of an indefinite integral: x² + C, whose name does not matter and which takes up any number beside it; also as a factor in
/// a logarithm, ln |C x|.
/// </summary>
internal static class IntegrationConstant
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal) { "C", "K", "c", "k", "D", "A", "B" };

    /// <summary>An integral without its constant, and the constant's name; null when there is none.</summary>
    /// <param name="node">The integral.</param>
    /// <param name="isGold">Whether it is the right answer, in which only C and K are constants: other letters may be parameters.</param>
    public static (Node Integral, string Name)? TrySplit(Node node, bool isGold)
    {
        if (InLogarithm(node, isGold) is { } taken) return taken;
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

    // ln |C x| is ln |x| + ln |C|: a factor of the argument that stands nowhere else.
    private static (Node Integral, string Name)? InLogarithm(Node node, bool isGold)
    {
        var terms = node is Sum sum ? sum.Terms : [node];
        for (var i = 0; i < terms.Count; i++)
        {
            var factors = terms[i] is Product product ? product.Factors : [terms[i]];
            var at = factors.ToList().FindIndex(factor => factor is Call { Function: "ln" or "log", Arguments.Count: 1 });
            if (at < 0 || !factors.Where((_, j) => j != at).All(Tree.IsConstant)) continue;
            var logarithm = (Call)factors[at];
            var inner = logarithm.Arguments[0] is Call { Function: "abs", Arguments: [var content] } ? content : logarithm.Arguments[0];
            // In a right answer only the bars tell that C is no parameter.
            if (isGold && inner == logarithm.Arguments[0]) continue;
            if (inner is not Product { Factors: var parts }
                || parts.OfType<Symbol>().FirstOrDefault(part => IsName(part.Name, isGold))?.Name is not { } name) continue;
            var rest = Tree.Multiply([.. parts.Where(part => part is not Symbol symbol || symbol.Name != name)]);
            var argument = inner == logarithm.Arguments[0] ? rest : new Call("abs", [rest]);
            var term = Tree.Multiply([.. factors.Select((factor, j) => j == at ? new Call(logarithm.Function, [argument]) : factor)]);
            var integral = terms.Count == 1 ? term : new Sum([.. terms.Select((other, j) => j == i ? term : other)]);
            var free = BoundNames.Free(integral);
            if (parts.Count(part => part is Symbol symbol && symbol.Name == name) == 1 && free.Count > 0 && !free.Contains(name)
                && !free.Any(other => char.IsAsciiLetterUpper(other[0]))) return (integral, name);
        }
        return null;
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
