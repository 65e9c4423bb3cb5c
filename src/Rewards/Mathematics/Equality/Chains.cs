using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Parsing;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Chains of equations: x = 2/3 = 0.667. All links that are numbers must agree; a decimal one counts as rounded to its own digits, an exact
/// one decides.
/// </summary>
internal sealed class Chains(Func<Node, Node, bool> same, Func<Node, Quad?> realValue)
{
    private const int LongDecimal = 4;

    /// <summary>
    /// The chain as an equation of two sides, or the value where nothing but numbers is in it, or <see cref="Contradiction"/>.
    /// </summary>
    public Node Resolve(Relation chain)
    {
        var (decided, links) = Decide(chain);
        if (decided is Contradiction) return decided;
        var (first, last) = (chain.Sides[0], chain.Sides[^1]);
        if (links == chain.Sides.Count) return decided!;
        if (!LettersAgree(chain)) return new Contradiction();
        // Two ways to write one expression: 2(x + 1) + 1 = 2x + 3.
        if (chain.Sides.Count == 2 && links == 0 && first is Sum or Product or Power && last is Sum or Product or Power
            && same(first, last)) return last;
        if (chain.Sides.Count == 2) return new Relation(decided is null || IsLink(first) ? chain.Sides : [first, decided], ["="]);
        if (Tree.IsConstant(first) && !Tree.IsConstant(last)) (first, last) = (last, first);
        return new Relation([first, decided ?? last], ["="]);
    }

    /// <summary>The decimal members of a chain: what the right answer writes beside its exact value is right as well.</summary>
    public static IEnumerable<Node> Decimals(Relation chain) => chain.Sides.Skip(1).Where((side, index) =>
        IsDecimal(side, chain.Operators[index]));

    private (Node? Decided, int Links) Decide(Relation chain)
    {
        var links = chain.Sides.Select((side, index) => (Side: side, Sign: index == 0 ? "=" : chain.Operators[index - 1])).Where(link =>
            IsLink(link.Side)).ToList();
        if (links.Count < 2) return (links.Count == 0 ? null : links[0].Side, links.Count);
        var exact = links.Where(link => !IsDecimal(link.Side, link.Sign)).Select(link => link.Side).ToList();
        var decided = exact.Count > 0 ? exact[^1] : links.MaxBy(link => DigitsOf(link.Side)).Side;
        foreach (var (side, sign) in links)
        {
            if (ReferenceEquals(side, decided)) continue;
            if (IsDecimal(side, sign) ? !Rounds(decided, side, sign) : !same(decided, side)) return (new Contradiction(), links.Count);
        }
        return (decided, links.Count);
    }

    private static bool IsLink(Node side) => side is not (Sequence or Words or NamedSet or Interval or SetOperation)
        && Tree.IsConstant(side);

    // Expressions in the same letters must agree too: y = 2x + 1 = 2x + 2 says nothing.
    private bool LettersAgree(Relation chain)
    {
        if (chain.Sides.Count < 3) return true;
        var last = chain.Sides[^1];
        var names = BoundNames.Free(last);
        return names.Count == 0 || chain.Sides.Skip(1).SkipLast(1).All(side => !BoundNames.Free(side).SetEquals(names) || same(side, last));
    }

    private static bool IsDecimal(Node side, string sign) => Literal(side) is { } number && (number.IsDecimal || sign == "≈");

    private static Number? Literal(Node side) => side switch
    {
        Number number => number,
        Percent percent => Literal(percent.Value),
        Measured measured => Literal(measured.Value),
        _ => null,
    };

    private static int DigitsOf(Node side) => Literal(side)?.Decimals ?? 0;

    // Whether a decimal is a value rounded to its digits; from the fourth digit on it may also be cut off.
    private bool Rounds(Node exact, Node written, string sign)
    {
        if (exact is Measured a && written is Measured b)
        {
            Unit left = Units.Parse(a.Unit), right = Units.Parse(b.Unit);
            if (!left.IsLike(right)) return same(exact, written);
            exact = Tree.Multiply(a.Value, new Number(left.Factor / right.Factor));
        }
        var factors = written is Percent == exact is Percent ? [Rational.One] : written is Percent ? [100, Rational.One]
            : (Rational[])[Rational.Of(1, 100), Rational.One];
        var bare = exact is Percent percent ? percent.Value : exact is Measured measured ? measured.Value : exact;
        var number = Literal(written)!;
        if (realValue(bare) is not { IsFinite: true } value) return same(exact, written);
        var unit = Math.Pow(10, -(sign == "≈" && number is { IsDecimal: false } ? -TrailingZeros(number) : number.Decimals));
        return factors.Any(factor => Agree(value * Quad.Of(factor), Quad.Of(number.Value), unit, mayBeCut: number.Decimals >= LongDecimal));
    }

    private static bool Agree(Quad exact, Quad written, double unit, bool mayBeCut)
    {
        var distance = (exact.Abs() - written.Abs()).High;
        if (exact.High * written.High < 0) return false;
        return Math.Abs(distance) <= 0.5 * unit * (1 + 1e-9) || mayBeCut && distance >= 0 && distance < unit;
    }

    private static int TrailingZeros(Number number)
    {
        var digits = number.Value.Numerator.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return number.Value.IsZero ? 0 : digits.Length - digits.TrimEnd('0').Length;
    }
}
