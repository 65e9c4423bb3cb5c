using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>An expression as a quotient of polynomials.</summary>
internal readonly record struct Quotient(Polynomial Above, Polynomial Below);

/// <summary>
/// Brings expressions into quotients of polynomials over symbols, i, roots of numbers and whatever else stands there as a generator of its
/// own. Two expressions are equal when the difference of their cross products is the zero polynomial. This part: sums, products, functions,
/// factorials.
/// </summary>
internal sealed partial class NormalForm(WorkBudget budget)
{
    private const int MaxFactors = 20;

    // Functions whose value is never 0.
    private static readonly HashSet<string> NeverZero = new(StringComparer.Ordinal) { "exp", "cosh", "sec", "csc", "!" };

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
        catch (TooLargeException)
        {
            budget.Depth = depth;
            budget.Step(400);
            return null;
        }
    }

    /// <summary>Above of a - Above of b over a common denominator: zero when both are equal; null when it is too large.</summary>
    public Polynomial? TryDifference(Quotient a, Quotient b)
    {
        var depth = budget.Depth;
        try
        {
            return Times(a.Above, b.Below) - Times(b.Above, a.Below);
        }
        catch (TooLargeException)
        {
            budget.Depth = depth;
            budget.Step(400);
            return null;
        }
    }

    private Quotient Form(Node node)
    {
        budget.Enter();
        var form = node switch
        {
            Number number => Whole(Polynomial.Constant(number.Value)),
            Symbol { Name: "i" } => Whole(Polynomial.Generator(ImaginaryUnit)),
            Symbol { Name: "∞" } symbol => Whole(Polynomial.Generator(Generators.Opaque(symbol.Name, mayVanish: false))),
            Symbol { Name: "π" or "e" } symbol => Whole(Polynomial.Generator(Generators.Opaque(symbol.Name, mayVanish: false))),
            Symbol symbol => Whole(Polynomial.Generator(Generators.Symbol(symbol.Name))),
            Sum sum => sum.Terms.Select(Form).Aggregate(Added),
            Product product => Joined(product) ?? product.Factors.Select(Form).Aggregate(Multiplied),
            Power power => Raised(power),
            Percent percent => Scaled(Form(percent.Value), Rational.Of(1, 100)),
            Measured { Unit: "°" } measured => Form(Tree.Multiply(measured.Value, Symbol.Pi, new Number(Rational.Of(1, 180)))),
            Call call => Applied(call),
            _ => throw new TooLargeException("a part that is no expression"),
        };
        budget.Leave();
        return form;
    }

    private int ImaginaryUnit => Generators.Root("i", 2, Polynomial.Constant(Rational.MinusOne), isIndependent: true);

    private static Quotient Whole(Polynomial above) => new(above, Polynomial.One);

    private static Quotient Scaled(Quotient form, Rational factor) => form with { Above = form.Above.Scale(factor) };

    private Polynomial Times(Polynomial a, Polynomial b) => Polynomial.Multiply(a, b, Generators, budget);

    private Quotient Added(Quotient a, Quotient b)
    {
        budget.Step(a.Above.Terms.Count + b.Above.Terms.Count);
        if (ReferenceEquals(a.Below, b.Below) || (a.Below - b.Below).IsZero) return new(a.Above + b.Above, a.Below);
        return Reduced(new(Times(a.Above, b.Below) + Times(b.Above, a.Below), Times(a.Below, b.Below)));
    }

    private Quotient Multiplied(Quotient a, Quotient b) => Reduced(new(Times(a.Above, b.Above), Times(a.Below, b.Below)));

    private static Quotient Inverse(Quotient form) => form.Above.IsZero ? throw new UndefinedException() : new(form.Below, form.Above);

    // Cancels a constant denominator and common monomials.
    private Quotient Reduced(Quotient form)
    {
        budget.Step(4 * (form.Above.Terms.Count + form.Below.Terms.Count));
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

    private Quotient Applied(Call call)
    {
        if (Exact.TryValue(call, budget) is { } exact) return Whole(Polynomial.Constant(exact));
        switch (call)
        {
            case { Function: "exp", Arguments: [var exponent] }:
                return Raised(new Power(Symbol.E, exponent));
            case { Function: "!", Arguments: [var argument] }:
                return Factorial(Form(argument));
            case { Function: "binom" or "fn C", Arguments: [var n, var k] }:
                return Binomial(n, k);
            case { Function: "fn P", Arguments: [var n, var k] } when Exact.TryValue(k, budget) is { IsInteger: true } count
                && count.Sign >= 0 && count.CompareTo(MaxFactors) <= 0:
                return Falling(Form(n), (int)count.Numerator);
            case { Function: "fn P", Arguments: [var n, var k] }:
                return Multiplied(Factorial(Form(n)), Inverse(Factorial(Form(Tree.Minus(n, k)))));
        }
        var keys = call.Arguments.Select(argument => argument is Words words ? words.Text : argument is Relation or Sequence or Matrix
            ? Shape(argument) : KeyOf(Form(argument)));
        if (Tree.IsSymmetric(call)) keys = keys.Order(StringComparer.Ordinal);
        return Whole(Polynomial.Generator(Generators.Opaque($"{call.Function}({string.Join(';', keys)})",
            !NeverZero.Contains(call.Function))));
    }

    private Quotient Binomial(Node n, Node k)
    {
        if (Exact.TryValue(k, budget) is { IsInteger: true } count && count.Sign >= 0 && count.CompareTo(MaxFactors) <= 0)
        {
            return Multiplied(Falling(Form(n), (int)count.Numerator), Inverse(Factorial(Form(k))));
        }
        var below = Multiplied(Factorial(Form(k)), Factorial(Form(Tree.Minus(n, k))));
        return Multiplied(Factorial(Form(n)), Inverse(below));
    }

    // n (n − 1) … of so many factors.
    private Quotient Falling(Quotient n, int count)
    {
        var product = Whole(Polynomial.One);
        for (var i = 0; i < count; i++) product = Multiplied(product, Added(n, Whole(Polynomial.Constant(-i))));
        return product;
    }

    // (a + k)! by the nearest factorial of the same a that is in use: n! is n · (n − 1)!.
    private Quotient Factorial(Quotient form)
    {
        if (form.Below.AsConstant is not { } below
            || below != Rational.One) return Whole(Polynomial.Generator(Generators.Opaque($"!({KeyOf(form)})", mayVanish: false)));
        var constant = form.Above.Terms.GetValueOrDefault("");
        var shift = constant.Floor();
        var rest = form.Above - Polynomial.Constant(shift);
        if (rest.IsZero && shift >= 0 && shift <= MaxFactors) return Whole(Polynomial.Constant(SmallFactorial((int)shift)));
        var (other, generator) = Generators.Factorial(rest.Key(), shift, MaxFactors);
        var known = Whole(Polynomial.Generator(generator));
        var between = Falling(Whole(rest + Polynomial.Constant(shift > other ? shift : other)),
            (int)System.Numerics.BigInteger.Abs(shift - other));
        return shift >= other ? Multiplied(known, between) : Multiplied(known, Inverse(between));
    }

    private static Rational SmallFactorial(int n)
    {
        var product = Rational.One;
        for (var i = 2; i <= n; i++) product *= i;
        return product;
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
