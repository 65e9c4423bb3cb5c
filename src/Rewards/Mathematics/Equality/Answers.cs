using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Brings answers into the shape in which they are compared: ± written out, chains of equations shortened, nested lists flattened.
/// </summary>
internal sealed class Answers(Chains chains)
{
    /// <summary>The name that an equation gives and the value it gives to it.</summary>
    public readonly record struct Assignment(string Name, Node Value);

    /// <summary>The answer in its comparable shape.</summary>
    public Node Prepare(Node node) => node switch
    {
        Sequence sequence when sequence.IsOpen || sequence.Kind is SequenceKind.Set => PrepareSeveral(sequence),
        Sequence sequence => sequence,
        Relation relation => PrepareRelation(relation),
        Measured { Value: Sequence { IsOpen: true } several } measured =>
            PrepareSeveral(several with { Items = [.. several.Items.Select(item => measured with { Value = item })] }),
        SetBuilder or SetOperation or Interval or Matrix or NamedSet or Words => node,
        _ => BothSigns(node) is { } pair ? new Sequence(SequenceKind.List, pair) : node,
    };

    /// <summary>Reads <c>x = 5</c>, <c>f(x) = x²</c>, <c>(p, q) = (3, 2)</c>, <c>AB = 4</c> as a name and a value.</summary>
    public static Assignment? TryAssignment(Node node) =>
        node is Relation { Operators: ["="], Sides: [var left, var right] } ? NameOf(left) is { } name ? new(name, right) : null : null;

    /// <summary>The name without a number below: <c>x_1</c> and <c>x_2</c> are both x.</summary>
    public static string BaseName(string name)
    {
        var cut = name.IndexOf('_', StringComparison.Ordinal);
        return cut > 0 && name[(cut + 1)..].All(c => char.IsAsciiDigit(c) || c is ',') ? name[..cut] : name;
    }

    private static string? NameOf(Node node) => node switch
    {
        Symbol { IsConstant: false } symbol => symbol.Name,
        Call { Function: var function, Arguments: var arguments }
            when (function.StartsWith("fn ", StringComparison.Ordinal)
                || function is "abs" or "deg" or "det" or "max" or "min" or "arg" or "Re" or "Im")
            && arguments.All(item => item is Symbol or Number or Product) =>
            $"{function}({string.Join(',', arguments.Select(item => NameOf(item) ?? (item as Number)?.Value.ToString() ?? "?"))})",
        // P(X ≥ 2)
        Product { Factors: [Symbol { IsConstant: false } probability, Relation] } when char.IsAsciiLetterUpper(probability.Name[0]) =>
            probability.Name,
        Product { Factors: var factors }
            when factors.All(factor => factor is Symbol { IsConstant: false } or Sequence { Kind: SequenceKind.Tuple }) =>
            string.Concat(factors.Select(NameOf)),
        // \frac{BD}{DC} = 2: a quotient of lengths.
        Product { Factors: [var above, Power { Base: var below, Exponent: Number exponent }] }
            when exponent.Value == R1Cloud.Rewards.Mathematics.Numbers.Rational.MinusOne && NameOf(above) is { } top
            && NameOf(below) is { } bottom => $"{top}/{bottom}",
        Product { Factors: [Symbol { IsConstant: false } head, Number argument] }
            when head.Name.Length == 1 && char.IsAsciiLetterUpper(head.Name[0]) => $"{head.Name}({argument.Value})",
        Sequence { Kind: SequenceKind.Tuple or SequenceKind.Ratio or SequenceKind.List or SequenceKind.Set } sequence
            when sequence.Items.All(item => NameOf(item) is not null) => $"({string.Join(',', sequence.Items.Select(NameOf))})",
        Measured { Value: var value } => NameOf(value),
        _ => null,
    };

    private Node PrepareRelation(Relation relation)
    {
        // f ≡ 0 is f = 0 everywhere.
        if (relation is { Operators: ["≡"], Sides: [Symbol or Call, Number] }) relation = relation with { Operators = ["="] };
        if (relation.Operators.All(sign => sign is "=" or "≈"))
        {
            var resolved = chains.Resolve(relation);
            if (resolved is Contradiction) return resolved;
            if (resolved is not Relation equation) return Prepare(resolved);
            relation = equation;
            var (first, last) = (relation.Sides[0], relation.Sides[^1]);
            if (NameOf(first) is null && NameOf(last) is not null && Tree.IsConstant(first)) (first, last) = (last, first);
            if (first is Sequence { Kind: not SequenceKind.Ratio, Items: var names }
                && last is Sequence { IsOpen: false, Kind: not SequenceKind.Ratio and not SequenceKind.Set, Items: var values }
                && names.Count == values.Count && NameOf(first) is not null)
            {
                return new Sequence(SequenceKind.List, [.. names.Zip(values, (name, value) => new Relation([name, value], ["="]))]);
            }
            var shortened = new Relation([first, last], ["="]);
            if (NameOf(first) is not null && BothSigns(last) is { } pair)
                return new Sequence(SequenceKind.List, [.. pair.Select(value => new Relation([first, value], ["="]))]);
            return shortened;
        }
        if (relation is { Operators: ["∈"],
                Sides: [Sequence { Kind: SequenceKind.Tuple } tuple, Sequence { Kind: SequenceKind.Set } tuples] }
            && NameOf(tuple) is not null) return tuples;
        if (relation is { Operators: ["∈"], Sides: [Symbol or Call, var set] }) return set switch
        {
            NamedSet { Name: not ("ℝ" or "∅") } => relation,
            Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed, Items: [var low, var high] } range =>
                new Interval(low, high, range.Kind == SequenceKind.Bracketed, range.Kind == SequenceKind.Bracketed),
            _ => set,
        };
        if (relation
            is { Operators: ["∉"],
                Sides: [Symbol outside, Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed, Items: [var from, var to] } gap] })
        {
            var closed = gap.Kind == SequenceKind.Bracketed;
            return new SetOperation('\\', new NamedSet("ℝ"), new Interval(from, to, closed, closed));
        }
        if (relation is { Operators: ["≠"], Sides: [var name, var value] } && BothSigns(value) is { } excluded)
            return new Sequence(SequenceKind.All, [.. excluded.Select(one => new Relation([name, one], ["≠"]))]);
        if (Residue(relation) is { } residue) return residue;
        if (relation is { Operators: ["→" or "⇒" or "⇔"], Sides: [_, var result] }) return Prepare(result);
        return relation;
    }

    // n ≡ 10 (mod 7) with its smallest remainder, however it is written; null for anything else.
    private static Relation? Residue(Relation relation)
    {
        if (relation is not { Operators: ["≡"], Sides: [var left, var right] }) return null;
        var (value, modulus) = right switch
        {
            Product { Factors: { Count: > 1 } factors } when factors[^1] is Call { Function: "pmod", Arguments: [Number m] } =>
                (Tree.Multiply([.. factors.SkipLast(1)]), m.Value),
            Call { Function: "mod", Arguments: [var a, Number m] } => (a, m.Value),
            _ => (null, Rational.Zero),
        };
        if (right is Product {
            Factors: [Number { Value: var minus },
                Product { Factors: [Number positive, Call { Function: "pmod", Arguments: [Number of] }] }] }
            && minus == Rational.MinusOne) (value, modulus) = (positive with { Value = -positive.Value }, of.Value);
        if (value is Product { Factors: [Number { Value: var sign }, Number size] } && sign == Rational.MinusOne)
            value = size with { Value = -size.Value };
        if (value is not Number { Value: { IsInteger: true } number } || !modulus.IsInteger || modulus.Sign <= 0) return null;
        var rest = System.Numerics.BigInteger.Remainder(number.Numerator, modulus.Numerator);
        if (rest.Sign < 0) rest += modulus.Numerator;
        return new Relation([left, new Call("pmod", [new Number(rest), new Number(modulus)])], ["≡"]);
    }

    // a_n = 3^n, n ≥ 1: the range that an index has anyway
    private static bool IsWholeRange(Relation definition, Node range) =>
        range is Relation { Operators: ["≥" or ">"], Sides: [Symbol index, Number { Value: var low }] } bound
        && (low.IsZero || low == Rational.One && bound.Operators[0] == "≥")
        && definition.Sides[0] switch
        {
            Symbol { Name: [_, '_', .. var name] } => name == index.Name,
            Call { Function: ['a', 't', ' ', ..] or ['f', 'n', ' ', ..], Arguments: [Symbol argument] } => argument.Name == index.Name
                && index.Name is "n" or "k" or "m" or "i" or "j",
            _ => false,
        };

    private static bool IsMembership(Node node) => node is Relation { Operators: ["∈"], Sides: [_, NamedSet] };

    private Node PrepareSeveral(Sequence sequence)
    {
        var items = new List<Node>();
        // "(x, y) = (1, 2), (3, 4)" names the list, not its first pair.
        var written = sequence.Items;
        if (written.Count > 1
            && written[0] is Relation { Operators: ["="], Sides: [Sequence names, Sequence { Kind: SequenceKind.Tuple } firstTuple] }
            && NameOf(names) is not null && written.Skip(1).All(item => item is Sequence { Kind: SequenceKind.Tuple }))
            written = [firstTuple, .. written.Skip(1)];
        foreach (var item in written)
        {
            // x = y = 0 beside other answers names both.
            if (written.Count > 1 && item is Relation { Sides: { Count: > 2 } sides } chain && chain.Operators.All(sign => sign == "=")
                && Tree.IsConstant(sides[^1]) && sides.SkipLast(1).All(side => side is Symbol { IsConstant: false }))
            {
                items.AddRange(sides.SkipLast(1).Select(side => new Relation([side, sides[^1]], ["="])));
                continue;
            }
            // A domain behind a formula, ℝ too, stays one.
            var prepared = written.Count > 1 && IsMembership(item) ? item : Prepare(item);
            if (prepared is Sequence { IsOpen: true } inner) items.AddRange(inner.Items);
            else items.Add(prepared);
        }
        // "… + kπ, k ∈ ℤ": the condition is understood.
        if (items.Any(item => !IsMembership(item))) items.RemoveAll(IsMembership);
        if (items is [Relation { Operators: ["="] } definition, var range] && IsWholeRange(definition, range)) items.RemoveAt(1);
        // "x = 1, 2, 3" names the list, not its first item.
        if (items.Count > 1 && TryAssignment(items[0]) is { } first && items.Skip(1).All(item => item is not Relation))
            items[0] = first.Value;
        if (items.Count > 1 && items[0] is Relation { Operators: ["≠"], Sides: [Symbol variable, _] }
            && items.Skip(1).All(item => item is not (Relation or Words)))
        {
            for (var i = 1; i < items.Count; i++) items[i] = new Relation([variable, items[i]], ["≠"]);
        }
        return items.Count == 1 && sequence.IsOpen ? items[0] : sequence with { Items = items };
    }

    // The two values of an expression with ±, or null when it has none.
    private static List<Node>? BothSigns(Node node)
    {
        if (!Tree.Walk(node).Any(part => part is Call { Function: "±" or "∓" })) return null;
        return [Signed(node, plus: true), Signed(node, plus: false)];
    }

    private static Node Signed(Node node, bool plus)
    {
        if (node is Call { Function: "±" or "∓" } call)
        {
            var inner = Signed(call.Arguments[0], plus);
            return call.Function == "±" == plus ? inner : Tree.Negate(inner);
        }
        return Tree.Map(node, part => Signed(part, plus));
    }
}
