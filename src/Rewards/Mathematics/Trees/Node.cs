using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Trees;

/// <summary>An answer as an expression tree.</summary>
internal abstract record Node;

/// <summary>A number that was written in digits.</summary>
/// <param name="Value">Its exact value.</param>
/// <param name="IsDecimal">Whether it was written with a decimal point, so that it may be a rounded value.</param>
internal sealed record Number(Rational Value, bool IsDecimal = false) : Node
{
    /// <summary>Digits after the point that were written; below 0 where a power of ten follows.</summary>
    public int Decimals { get; init; }

    public static readonly Number Zero = new(Rational.Zero), One = new(Rational.One), MinusOne = new(Rational.MinusOne);
}

/// <summary>A letter with its subscript, a Greek letter, or one of the constants π, e, i, ∞.</summary>
internal sealed record Symbol(string Name) : Node
{
    public static readonly Symbol Pi = new("π"), E = new("e"), I = new("i"), Infinity = new("∞");

    /// <summary>Whether it stands for one known number.</summary>
    public bool IsConstant => Name is "π" or "e" or "i" or "∞";
}

/// <summary>A sum.</summary>
internal sealed record Sum(IReadOnlyList<Node> Terms) : Node;

/// <summary>A product; a quotient is a product with a power of -1.</summary>
internal sealed record Product(IReadOnlyList<Node> Factors) : Node;

/// <summary>A power; a root is a power of a fraction.</summary>
internal sealed record Power(Node Base, Node Exponent) : Node;

/// <summary>A function of arguments: known ones such as <c>sin</c>, and any other by its name.</summary>
internal sealed record Call(string Function, IReadOnlyList<Node> Arguments) : Node;

/// <summary>A value with a percent sign.</summary>
internal sealed record Percent(Node Value) : Node;

/// <summary>A value with a unit, a currency, or a word that says what is counted.</summary>
internal sealed record Measured(Node Value, string Unit) : Node;

/// <summary>How the items of a sequence were written.</summary>
internal enum SequenceKind
{
    /// <summary><c>a, b</c> without brackets.</summary>
    List,
    /// <summary><c>a and b</c>.</summary>
    All,
    /// <summary><c>a or b</c>.</summary>
    Any,
    /// <summary><c>(a, b)</c>.</summary>
    Tuple,
    /// <summary><c>[a, b]</c>.</summary>
    Bracketed,
    /// <summary><c>\{a, b\}</c>.</summary>
    Set,
    /// <summary><c>a : b</c>.</summary>
    Ratio,
}

/// <summary>Several answers, or an answer of several parts.</summary>
internal sealed record Sequence(SequenceKind Kind, IReadOnlyList<Node> Items) : Node
{
    /// <summary>Whether it is a list without brackets.</summary>
    public bool IsOpen => Kind is SequenceKind.List or SequenceKind.All or SequenceKind.Any;

    /// <summary>Whether a ratio is written as a time of day: h:mm.</summary>
    public bool IsClock { get; init; }
}

/// <summary>
/// A half-open interval, or one that can be nothing else; <c>(a, b)</c> and <c>[a, b]</c> are sequences until they are compared.
/// </summary>
internal sealed record Interval(Node Low, Node High, bool LowClosed, bool HighClosed) : Node;

/// <summary>An operation on sets: <c>∪</c>, <c>∩</c> or <c>\</c>.</summary>
internal sealed record SetOperation(char Operator, Node Left, Node Right) : Node;

/// <summary>A set with a name: <c>ℝ</c>, <c>ℤ</c>, <c>ℕ</c>, <c>ℚ</c>, <c>ℂ</c>, <c>∅</c>.</summary>
internal sealed record NamedSet(string Name) : Node;

/// <summary>A set by a condition: <c>{x | x > 1}</c>.</summary>
internal sealed record SetBuilder(Node Element, Node Condition) : Node;

/// <summary>A relation or a chain of them: sides and, between each two, one of <c>= ≈ ≠ &lt; ≤ &gt; ≥ ∈ ≡ ~ →</c> and the like.</summary>
internal sealed record Relation(IReadOnlyList<Node> Sides, IReadOnlyList<string> Operators) : Node;

/// <summary>A matrix or a column or row vector.</summary>
internal sealed record Matrix(IReadOnlyList<IReadOnlyList<Node>> Rows) : Node;

/// <summary>An answer in words, normalized.</summary>
internal sealed record Words(string Text) : Node;

/// <summary>A statement that contradicts itself, such as 41 = 42: equal to nothing.</summary>
internal sealed record Contradiction : Node;

/// <summary>Short ways to build trees.</summary>
internal static class Tree
{
    public static Node Negate(Node node) => node is Number number ? number with { Value = -number.Value } : Multiply(Number.MinusOne, node);

    public static Node Multiply(params IReadOnlyList<Node> factors) => factors.Count == 1 ? factors[0] : new Product(factors);

    public static Node Divide(Node a, Node b) => new Product([a, new Power(b, Number.MinusOne)]);

    public static Node Root(Node radicand, Node degree) => new Power(radicand, Divide(Number.One, degree));

    public static Node Minus(Node a, Node b) => new Sum([a, Negate(b)]);

    /// <summary>Whether the order of a function's arguments does not count.</summary>
    public static bool IsSymmetric(Call call) => call.Function is "gcd" or "lcm" or "max" or "min";

    /// <summary>The direct parts of a node.</summary>
    public static IEnumerable<Node> Parts(Node node) => node switch
    {
        Sum sum => sum.Terms,
        Product product => product.Factors,
        Power power => [power.Base, power.Exponent],
        Call call => call.Arguments,
        Percent percent => [percent.Value],
        Measured measured => [measured.Value],
        Sequence sequence => sequence.Items,
        Interval interval => [interval.Low, interval.High],
        SetOperation operation => [operation.Left, operation.Right],
        SetBuilder builder => [builder.Element, builder.Condition],
        Relation relation => relation.Sides,
        Matrix matrix => matrix.Rows.SelectMany(row => row),
        _ => [],
    };

    /// <summary>The node and all below it.</summary>
    public static IEnumerable<Node> Walk(Node node)
    {
        var rest = new Stack<Node>();
        rest.Push(node);
        while (rest.TryPop(out var next))
        {
            yield return next;
            foreach (var part in Parts(next).Reverse()) rest.Push(part);
        }
    }

    /// <summary>Whether there is no free symbol in it, nor anything else of unknown value.</summary>
    public static bool IsConstant(Node node) => node switch
    {
        Symbol symbol => symbol.IsConstant,
        Words => false,
        Call { Function: "sum" or "prod" or "int" or "lim" } call => BoundNames.Free(call).Count == 0,
        Call call when call.Function.StartsWith("fn ", StringComparison.Ordinal) =>
            call is { Function: "fn P" or "fn C", Arguments.Count: 2 } && Parts(node).All(IsConstant),
        Call call when call.Function.StartsWith("at ", StringComparison.Ordinal)
            || call.Function.StartsWith("sub ", StringComparison.Ordinal) => false,
        _ => Parts(node).All(IsConstant),
    };

    /// <summary>The same node with other direct parts.</summary>
    public static Node Map(Node node, Func<Node, Node> change) => node switch
    {
        Sum sum => new Sum([.. sum.Terms.Select(change)]),
        Product product => new Product([.. product.Factors.Select(change)]),
        Power power => new Power(change(power.Base), change(power.Exponent)),
        Call call => new Call(call.Function, [.. call.Arguments.Select(change)]),
        Percent percent => new Percent(change(percent.Value)),
        Measured measured => measured with { Value = change(measured.Value) },
        Sequence sequence => sequence with { Items = [.. sequence.Items.Select(change)] },
        Interval interval => interval with { Low = change(interval.Low), High = change(interval.High) },
        SetOperation operation => operation with { Left = change(operation.Left), Right = change(operation.Right) },
        SetBuilder builder => new SetBuilder(change(builder.Element), change(builder.Condition)),
        Relation relation => relation with { Sides = [.. relation.Sides.Select(change)] },
        Matrix matrix => new Matrix([.. matrix.Rows.Select(row => (IReadOnlyList<Node>)[.. row.Select(change)])]),
        _ => node,
    };
}
