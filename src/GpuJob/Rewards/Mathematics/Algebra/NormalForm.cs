using System.Numerics;
using R1Cloud.GpuJob.Rewards.Mathematics.Trees;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Algebra;

/// <summary>An expression as a quotient of polynomials.</summary>
internal readonly record struct Quotient(Polynomial Above, Polynomial Below);

/// <summary>
/// Brings expressions into quotients of polynomials over symbols, i, roots of numbers and whatever else stands there as a generator of its own.
/// Two expressions are equal when the difference of their cross products is the zero polynomial.
/// </summary>
internal sealed class NormalForm(WorkBudget budget)
{
    private const int MaxPower = 40;

    public Generators Generators { get; } = new();

    /// <summary>The form, or null when the expression has none of a sensible size.</summary>
    /// <exception cref="UndefinedException">It divides by zero.</exception>
    public Quotient? TryForm(Node node)
    {
        var depth = budget.Depth;
        try
        {
            return Form(node);
        }
        catch (WorkLimitException e) when (e.Message.StartsWith("a ", StringComparison.Ordinal) || e.Message.StartsWith("too ", StringComparison.Ordinal))
        {
            budget.Depth = depth;
            return null;
        }
    }

    /// <summary>Above of a - Above of b over a common denominator: zero when both are equal.</summary>
    public Polynomial Difference(Quotient a, Quotient b) => Times(a.Above, b.Below) - Times(b.Above, a.Below);

    private Quotient Form(Node node)
    {
        budget.Enter();
        var form = node switch
        {
            Number number => Whole(Polynomial.Constant(number.Value)),
            Symbol { Name: "i" } => Whole(Polynomial.Generator(Generators.Root("i", 2, Polynomial.Constant(Rational.MinusOne)))),
            Symbol { Name: "π" or "e" or "∞" } symbol => Whole(Polynomial.Generator(Generators.Opaque(symbol.Name))),
            Symbol symbol => Whole(Polynomial.Generator(Generators.Symbol(symbol.Name))),
            Sum sum => sum.Terms.Select(Form).Aggregate(Added),
            Product product => product.Factors.Select(Form).Aggregate(Multiplied),
            Power power => Raised(power),
            Percent percent => Scaled(Form(percent.Value), Rational.Of(1, 100)),
            Call call => Applied(call),
            _ => throw new WorkLimitException("a part that is no expression"),
        };
        budget.Leave();
        return form;
    }

    private static Quotient Whole(Polynomial above) => new(above, Polynomial.One);

    private static Quotient Scaled(Quotient form, Rational factor) => form with { Above = form.Above.Scale(factor) };

    private Polynomial Times(Polynomial a, Polynomial b) => Polynomial.Multiply(a, b, Generators, budget);

    private Quotient Added(Quotient a, Quotient b)
    {
        if (ReferenceEquals(a.Below, b.Below) || (a.Below - b.Below).IsZero) return new(a.Above + b.Above, a.Below);
        return Reduced(new(Times(a.Above, b.Below) + Times(b.Above, a.Below), Times(a.Below, b.Below)));
    }

    private Quotient Multiplied(Quotient a, Quotient b) => Reduced(new(Times(a.Above, b.Above), Times(a.Below, b.Below)));

    /// <summary>Cancels a constant denominator and common monomials.</summary>
    private static Quotient Reduced(Quotient form)
    {
        if (form.Below.IsZero) throw new UndefinedException();
        if (form.Below.AsConstant is { } constant) return new(form.Above.Scale(Rational.One / constant), Polynomial.One);
        if (form.Above.IsZero) return Whole(Polynomial.Zero);
        var common = form.Below.CommonMonomial();
        if (common.Length == 0) return form;
        var product = new[] { form.Above.CommonMonomial(), common };
        var shared = Polynomial.Term(product[0], Rational.One) + Polynomial.Term(product[1], Rational.One);
        var divisor = shared.CommonMonomial();
        return divisor.Length == 0 ? form : new(form.Above.DivideBy(divisor), form.Below.DivideBy(divisor));
    }

    private Quotient Raised(Power power)
    {
        if (Exact.TryValue(power, budget) is { } exact) return Whole(Polynomial.Constant(exact));
        if (Exact.TryValue(power.Exponent, budget) is { } exponent)
        {
            if (exponent.IsInteger) return ToPower(Form(power.Base), exponent);
            if (Exact.TryValue(power.Base, budget) is { } number && exponent.Denominator <= 12 && exponent.Numerator.GetBitLength() < 10) return NumberRoot(number, (int)exponent.Numerator, (int)exponent.Denominator);
            var inner = Form(power.Base);
            if (inner.Below.AsConstant is not null && exponent.Denominator <= 12)
            {
                var root = Polynomial.Generator(Generators.Root(inner.Above.Key(), (int)exponent.Denominator, inner.Above));
                return ToPower(Whole(root), exponent.Numerator);
            }
        }
        var (key, radix) = (Form(power.Exponent), Form(power.Base));
        return Whole(Polynomial.Generator(Generators.Opaque($"{radix.Above.Key()}/{radix.Below.Key()}^{key.Above.Key()}/{key.Below.Key()}")));
    }

    private Quotient ToPower(Quotient form, Rational exponent)
    {
        if (exponent.Sign < 0)
        {
            if (form.Above.IsZero) throw new UndefinedException();
            form = new(form.Below, form.Above);
            exponent = -exponent;
        }
        var single = form.Above.Terms.Count == 1 && form.Below.Terms.Count == 1;
        if (exponent.CompareTo(single ? 1000 : MaxPower) > 0) throw new WorkLimitException("a power is too large");
        var result = Whole(Polynomial.One);
        var square = form;
        for (var rest = (int)exponent.Numerator; rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result = new(Times(result.Above, square.Above), Times(result.Below, square.Below));
            if (rest > 1) square = new(Times(square.Above, square.Above), Times(square.Below, square.Below));
        }
        return Reduced(result);
    }

    /// <summary>A root of a number by roots of its prime factors, so that √12 is 2√3 and √2 √3 is √6.</summary>
    private Quotient NumberRoot(Rational value, int numerator, int degree)
    {
        if (value.IsZero) return numerator > 0 ? Whole(Polynomial.Zero) : throw new UndefinedException();
        // (a/b)^(1/n) is (a b^(n-1))^(1/n) / b.
        var radicand = BigInteger.Abs(value.Numerator) * BigInteger.Pow(value.Denominator, degree - 1);
        if (radicand.GetBitLength() > 400) throw new WorkLimitException("a root is too large");
        var result = Polynomial.Constant(Rational.Of(1, value.Denominator));
        foreach (var (prime, exponent) in Factors(radicand))
        {
            var (whole, rest) = Math.DivRem(exponent, degree);
            var factor = Polynomial.Constant(((Rational)prime).Power(whole));
            if (rest > 0)
            {
                var divisor = (int)BigInteger.GreatestCommonDivisor(rest, degree);
                var generator = Generators.Root(prime.ToString(System.Globalization.CultureInfo.InvariantCulture), degree / divisor, Polynomial.Constant(prime));
                factor = Times(factor, Polynomial.Term(Polynomial.Monomial(generator, rest / divisor), Rational.One));
            }
            result = Times(result, factor);
        }
        if (value.Sign < 0)
        {
            if (degree % 2 != 0) result = result.Scale(Rational.MinusOne);
            else if (degree == 2) result = Times(result, Polynomial.Generator(Generators.Root("i", 2, Polynomial.Constant(Rational.MinusOne))));
            else throw new WorkLimitException("a root that is not real");
        }
        return ToPower(Whole(result), numerator);
    }

    private List<(BigInteger Prime, int Exponent)> Factors(BigInteger value)
    {
        var factors = new List<(BigInteger, int)>();
        for (var prime = 2; prime < 1000 && value > 1; prime += prime == 2 ? 1 : 2)
        {
            budget.Step();
            var exponent = 0;
            while (BigInteger.DivRem(value, prime, out var rest) is var quotient && rest.IsZero)
            {
                value = quotient;
                exponent++;
            }
            if (exponent > 0) factors.Add((prime, exponent));
        }
        if (value > 1) factors.Add(Exact.WholeRoot(value, 2) is { } root ? (root, 2) : (value, 1));
        return factors;
    }

    private Quotient Applied(Call call)
    {
        if (Exact.TryValue(call, budget) is { } exact) return Whole(Polynomial.Constant(exact));
        var keys = call.Arguments.Select(argument => argument is Words words ? words.Text : argument is Relation or Sequence or Matrix ? Shape(argument) : KeyOf(Form(argument)));
        return Whole(Polynomial.Generator(Generators.Opaque($"{call.Function}({string.Join(';', keys)})")));
    }

    private string Shape(Node node) => node switch
    {
        Relation relation => string.Join(',', relation.Sides.Select(Shape)) + string.Concat(relation.Operators),
        Sequence or Matrix => $"{node.GetType().Name}({string.Join(',', Tree.Parts(node).Select(Shape))})",
        Words words => words.Text,
        _ => KeyOf(Form(node)),
    };

    private static string KeyOf(Quotient form) => $"{form.Above.Key()}/{form.Below.Key()}";
}
