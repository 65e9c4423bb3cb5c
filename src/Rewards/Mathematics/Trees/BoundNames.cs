using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Trees;

/// <summary>
/// Names that mean nothing outside of their expression: the index of a sum, the variable of an integral or a limit. Each gets a name by its
/// depth, so that
/// expressions that differ only in such names are the same.
/// </summary>
internal static class BoundNames
{
    private const int MaxDepth = 60;

    // A node that is made again costs more than one that is looked at.
    private const int Rebuilt = 3;

    /// <summary>The expression with its bound names made uniform.</summary>
    public static Node Normalize(Node node, WorkBudget budget) =>
        Tree.Walk(node).Any(part => part is Call { Function: "sum" or "prod" or "int" or "lim" }) ? Normalize(node, 0, budget) : node;

    /// <summary>Names of symbols that are neither constants nor bound.</summary>
    public static HashSet<string> Free(Node node)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Collect(node, []);
        return names;

        void Collect(Node part, IReadOnlyCollection<string> bound)
        {
            if (part is Symbol { IsConstant: false } symbol && !bound.Contains(symbol.Name)) names.Add(symbol.Name);
            if (bound.Count < MaxDepth && part is Call call && NameIn(call) is { } name) bound = [.. bound, name];
            foreach (var inner in Tree.Parts(part)) Collect(inner, bound);
        }
    }

    /// <summary>The expression with another name for a symbol, where it is an index of a symbol too: a_k.</summary>
    public static Node Rename(Node node, string name, string other, WorkBudget budget)
    {
        budget.Step(Rebuilt);
        return node switch
        {
            Symbol symbol when symbol.Name == name => new Symbol(other),
            Symbol symbol when name.Length == 1 && symbol.Name.IndexOf('_', StringComparison.Ordinal) is var cut and > 0
                && symbol.Name.IndexOf(name, cut, StringComparison.Ordinal) > 0 =>
                new Symbol(symbol.Name[..(cut + 1)] + symbol.Name[(cut + 1)..].Replace(name, other, StringComparison.Ordinal)),
            _ => Tree.Map(node, part => Rename(part, name, other, budget)),
        };
    }

    private static Node Normalize(Node node, int depth, WorkBudget budget)
    {
        budget.Step(Rebuilt);
        if (node is not Call call || NameIn(call) is not { } name
            || depth > MaxDepth) return Tree.Map(node, part => Normalize(part, depth, budget));
        var inner = Tree.Map(call, part => Normalize(part, depth + 1, budget));
        return Linear(Rename(inner, name, $"#{depth}", budget), $"#{depth}", budget);
    }

    // Sums and limits with the factors before them that hold no bound name, and a range of a sum as its two ends.
    private static Node Linear(Node node, string name, WorkBudget budget)
    {
        if (node is not Call { Function: not "prod", Arguments: [var low, var high, var body] } call) return node;
        if (call.Function == "sum") (low, high) = Ends(low, high);
        var factors = body is Product product ? product.Factors : [body];
        var parts = factors.ToLookup(factor => Holds(factor, name, budget));
        var outside = parts[false].ToList();
        // The d of an integral is a factor too.
        if (call.Function == "int" || outside.Count == 0 || outside.Count == factors.Count)
            return new Call(call.Function, [low, high, body]);
        var inside = Tree.Multiply([.. parts[true]]);
        return Tree.Multiply([.. outside, new Call(call.Function, [low, high, inside])]);
    }

    // 1 ≤ k ≤ n is k = 1 to n, and k ≥ 1 is k = 1 to infinity.
    private static (Node Low, Node High) Ends(Node low, Node high) => (low, high) switch
    {
        (Relation { Sides: [var from, Symbol index, var to], Operators: ["≤", "≤"] }, Words { Text: "" }) =>
            (new Relation([index, from], ["="]), to),
        (Relation { Sides: [Symbol index, var from], Operators: ["≥"] }, Words { Text: "" }) =>
            (new Relation([index, from], ["="]), Symbol.Infinity),
        _ => (low, high),
    };

    private static bool Holds(Node node, string name, WorkBudget budget)
    {
        foreach (var part in Tree.Walk(node))
        {
            budget.Step();
            if (part is Symbol symbol && symbol.Name.Contains(name, StringComparison.Ordinal)
                || part is Call call && call.Function.Contains(name, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    // The name that a sum, product, integral or limit binds, or null.
    private static string? NameIn(Call call) => call switch
    {
        { Function: "sum" or "prod" or "lim", Arguments: [Symbol index, ..] } => index.Name,
        { Function: "sum" or "prod" or "lim", Arguments: [Relation { Sides: [Symbol index, ..],
            Operators: ["=" or "→" or "≥" or ">" or "≤" or "<" or "≠" or "∈" or "∣", ..] }, ..] } => index.Name,
        { Function: "sum" or "prod", Arguments: [Relation { Sides: [_, Symbol index, _] }, ..] } => index.Name,
        { Function: "int", Arguments: [not Words { Text: "" }, _, Product { Factors: [.., Symbol { Name: "d" }, Symbol variable] }] } =>
            variable.Name,
        _ => null,
    };
}
