using System.Numerics;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>Exact values of expressions whose value is a fraction and can be computed by arithmetic alone.</summary>
internal static class Exact
{
    private const int MaxFactorial = 400;
    private const int MaxTerms = 400;

    /// <summary>The value, or null when it is irrational, symbolic, or too large.</summary>
    /// <exception cref="UndefinedException">It divides by zero.</exception>
    public static Rational? TryValue(Node node, WorkBudget budget)
    {
        var depth = budget.Depth;
        try
        {
            return Value(node, budget);
        }
        catch (TooLargeException)
        {
            budget.Depth = depth;
            budget.Step(400);
            return null;
        }
    }

    private static Rational? Value(Node node, WorkBudget budget)
    {
        budget.Enter();
        var value = node switch
        {
            Number number => number.Value,
            Sum sum => Fold(sum.Terms, Rational.Zero, (a, b) => a + b, budget),
            Product product => Fold(product.Factors, Rational.One, (a, b) => a * b, budget),
            Power power => Raised(power, budget),
            Percent percent => Value(percent.Value, budget) / 100,
            Call call => Applied(call, budget),
            _ => null,
        };
        budget.Leave();
        return value;
    }

    /// <summary>The whole n-th root of a non-negative whole number, or null.</summary>
    public static BigInteger? WholeRoot(BigInteger value, int degree)
    {
        if (value.Sign < 0 || degree < 1) return null;
        if (value.IsZero || value.IsOne || degree == 1) return value;
        if (value.GetBitLength() < degree) return null;
        // Newton from above.
        var root = BigInteger.One << (int)((value.GetBitLength() / degree) + 1);
        while (true)
        {
            var next = (((degree - 1) * root) + (value / BigInteger.Pow(root, degree - 1))) / degree;
            if (next >= root) break;
            root = next;
        }
        return BigInteger.Pow(root, degree) == value ? root : null;
    }

    private static Rational? Fold(IReadOnlyList<Node> parts, Rational start, Func<Rational, Rational, Rational> combine, WorkBudget budget)
    {
        var total = start;
        foreach (var part in parts)
        {
            if (Value(part, budget) is not { } value) return null;
            budget.Step(1 + ((total.Bits + value.Bits) >> 6));
            total = combine(total, value);
        }
        return total;
    }

    private static Rational? Raised(Power power, WorkBudget budget)
    {
        if (Value(power.Exponent, budget) is not { } exponent || Value(power.Base, budget) is not { } value) return null;
        if (exponent.IsZero) return value.IsZero ? throw new UndefinedException() : Rational.One;
        if (exponent.IsInteger && value.IsInteger && BigInteger.Abs(value.Numerator) <= 1) return Unit(value, exponent);
        if (exponent.Numerator.GetBitLength() > 20 || exponent.Denominator > 64) return null;
        var size = value.Bits * Math.Abs((long)exponent.Numerator) / (long)exponent.Denominator;
        if (size > 2 * Rational.MaxBits) return null;
        budget.Step(1 + (int)(size >> 5));
        if (exponent.IsInteger) return value.Power((int)exponent.Numerator);
        var degree = (int)exponent.Denominator;
        if (value.Sign < 0 && degree % 2 == 0) return null;
        if (WholeRoot(value.Abs().Numerator, degree) is not { } above || WholeRoot(value.Denominator, degree) is not { } below) return null;
        return (Rational.Of(above, below) * value.Sign).Power((int)exponent.Numerator);
    }

    // 0, 1 or -1 to any whole power.
    private static Rational Unit(Rational value, Rational exponent)
    {
        if (value.IsZero) return exponent.Sign > 0 ? Rational.Zero : throw new UndefinedException();
        return value.Sign > 0 || exponent.Numerator.IsEven ? Rational.One : Rational.MinusOne;
    }

    private static Rational? Applied(Call call, WorkBudget budget)
    {
        if (call is { Function: "base", Arguments: [_, _, var inBase] }) return Value(inBase, budget);
        if (call.Function is "sum" or "prod") return Series(call, budget);
        if (call.Function is not ("!" or "!!" or "binom" or "abs" or "floor" or "ceil" or "gcd" or "lcm" or "max" or "min" or "mod"
            or "log" or "logbase" or "lg" or "sub" or "+" or "fn P" or "fn C")) return null;
        var values = new List<Rational>();
        foreach (var argument in call.Arguments)
        {
            if (Value(argument, budget) is not { } value) return null;
            values.Add(value);
        }
        var x = values.Count > 0 ? values[0] : Rational.Zero;
        return (call.Function, values.Count) switch
        {
            ("!", 1) => Factorial(x, 1, budget),
            ("!!", 1) => Factorial(x, 2, budget),
            ("binom" or "fn C", 2) => Binomial(x, values[1], budget),
            ("fn P", 2) => Permutations(x, values[1], budget),
            ("abs", 1) => x.Abs(),
            ("floor", 1) => x.Floor(),
            ("ceil", 1) => -(-x).Floor(),
            ("max", > 0) => values.Aggregate((a, b) => a.CompareTo(b) >= 0 ? a : b),
            ("min", > 0) => values.Aggregate((a, b) => a.CompareTo(b) <= 0 ? a : b),
            ("gcd", > 1) when values.All(value => value.IsInteger) =>
                values.Select(value => value.Numerator).Aggregate(BigInteger.GreatestCommonDivisor),
            ("lcm", > 1) when values.All(value => value.IsInteger && !value.IsZero) =>
                values.Select(value => BigInteger.Abs(value.Numerator)).Aggregate((a, b) => a / BigInteger.GreatestCommonDivisor(a, b) * b),
            ("mod", 2) when x.IsInteger && values[1].IsInteger && !values[1].IsZero => x - (values[1] * (x / values[1]).Floor()),
            ("logbase", 2) => Logarithm(x, values[1]),
            ("lg", 1) => Logarithm(x, 10),
            ("+", 1) => x,
            _ => null,
        };
    }

    private static Rational? Factorial(Rational n, int step, WorkBudget budget)
    {
        if (!n.IsInteger || n.Sign < 0 || n.CompareTo(MaxFactorial) > 0) return null;
        var product = BigInteger.One;
        budget.Step(1 + (int)n.Numerator);
        for (var k = (int)n.Numerator; k > 1; k -= step) product *= k;
        return product;
    }

    private static Rational? Binomial(Rational n, Rational k, WorkBudget budget)
    {
        if (!n.IsInteger || !k.IsInteger || n.Sign < 0 || k.CompareTo(n) > 0 || k.Sign < 0 || n.CompareTo(100_000) > 0) return null;
        var (top, count) = ((int)n.Numerator, (int)BigInteger.Min(k.Numerator, n.Numerator - k.Numerator));
        if (count > MaxFactorial) return null;
        budget.Step(1 + (4 * count));
        var product = BigInteger.One;
        for (var i = 1; i <= count; i++) product = product * (top - count + i) / i;
        return product;
    }

    // n (n − 1) … (n − k + 1).
    private static Rational? Permutations(Rational n, Rational k, WorkBudget budget)
    {
        if (!n.IsInteger || !k.IsInteger || n.Sign < 0 || k.Sign < 0 || k.CompareTo(n) > 0 || k.CompareTo(MaxFactorial) > 0) return null;
        budget.Step(1 + (2 * (int)k.Numerator));
        var product = BigInteger.One;
        for (var i = 0; i < (int)k.Numerator; i++) product *= n.Numerator - i;
        return product;
    }

    // log_b x where it is a fraction of small terms.
    private static Rational? Logarithm(Rational x, Rational radix)
    {
        if (x.Sign <= 0 || radix.Sign <= 0 || radix == Rational.One || x.Bits > Rational.MaxBits) return null;
        var guess = (BigInteger.Log(x.Numerator) - BigInteger.Log(x.Denominator))
            / (BigInteger.Log(radix.Numerator) - BigInteger.Log(radix.Denominator));
        for (var below = 1; below <= 6; below++)
        {
            var above = (int)Math.Round(guess * below);
            if (Math.Abs(above) > Rational.MaxBits || Math.Abs((guess * below) - above) > 1e-9) continue;
            return radix.Power(above) == x.Power(below) ? Rational.Of(above, below) : null;
        }
        return null;
    }

    // A finite sum or product with whole bounds.
    private static Rational? Series(Call call, WorkBudget budget)
    {
        if (call.Arguments is not [Relation { Operators: ["="], Sides: [Symbol index, var first] }, var last, var body]) return null;
        if (Value(first, budget) is not { IsInteger: true } from || Value(last, budget) is not { IsInteger: true } to
            || (to - from).CompareTo(MaxTerms) > 0) return null;
        Rational total = call.Function == "sum" ? 0 : 1;
        for (var k = from; k.CompareTo(to) <= 0; k += 1)
        {
            budget.Step(8);
            if (Value(Substitute(body, index.Name, new Number(k), budget), budget) is not { } term) return null;
            budget.Step((total.Bits + term.Bits) >> 5);
            total = call.Function == "sum" ? total + term : total * term;
        }
        return total;
    }

    private static Node Substitute(Node node, string name, Node value, WorkBudget budget)
    {
        budget.Step();
        return node is Symbol symbol ? symbol.Name == name ? value : node : Tree.Map(node, part => Substitute(part, name, value, budget));
    }
}
