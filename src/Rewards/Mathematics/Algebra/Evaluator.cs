using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>
/// Values of expressions to about 31 digits. Functions without a rule (<c>f</c>, sums, integrals) get a value that depends on nothing but
/// their name and arguments, so that equal expressions stay equal and others do not become so.
/// </summary>
/// <param name="symbolValue">The value of a symbol that is not a constant.</param>
/// <param name="budget">Bounds the work.</param>
internal sealed class Evaluator(Func<string, ComplexQuad> symbolValue, WorkBudget budget)
{
    private static readonly Dictionary<string, Func<ComplexQuad, ComplexQuad>> Functions = new(StringComparer.Ordinal)
    {
        ["sin"] = x => x.SinCos().Sin,
        ["cos"] = x => x.SinCos().Cos,
        ["tan"] = x => Ratio(x.SinCos()),
        ["cot"] = x => x.SinCos() is var (sin, cos) ? Quotient(cos, sin) : ComplexQuad.NaN,
        ["sec"] = x => Quotient(1, x.SinCos().Cos),
        ["csc"] = x => Quotient(1, x.SinCos().Sin),
        ["sinh"] = x => (x.Exp() - (-x).Exp()) * 0.5,
        ["cosh"] = x => (x.Exp() + (-x).Exp()) * 0.5,
        ["tanh"] = x => (x.Exp() - (-x).Exp()) / (x.Exp() + (-x).Exp()),
        ["coth"] = x => (x.Exp() + (-x).Exp()) / (x.Exp() - (-x).Exp()),
        ["arcsin"] = ArcSin,
        ["arccos"] = x => (ComplexQuad)Quad.HalfPi - ArcSin(x),
        ["arctan"] = ArcTan,
        ["arccot"] = x => (ComplexQuad)Quad.HalfPi - ArcTan(x),
        ["arsinh"] = x => (x + ((x * x) + 1).Sqrt()).Log(),
        ["arcosh"] = x => (x + ((x * x) - 1).Sqrt()).Log(),
        ["artanh"] = x => (((ComplexQuad)1 + x) / ((ComplexQuad)1 - x)).Log() * 0.5,
        ["log"] = x => x.Log(),
        ["ln"] = x => x.Log(),
        ["lg"] = x => x.Log() / ((ComplexQuad)10).Log(),
        ["exp"] = x => x.Exp(),
        ["abs"] = x => x.Abs(),
        ["floor"] = x => x.IsReal ? FloorOf(x.Real) : ComplexQuad.NaN,
        ["ceil"] = x => x.IsReal ? -FloorOf(-x.Real) : ComplexQuad.NaN,
        ["sgn"] = x => x.IsReal ? Math.Sign(x.Real.High) : ComplexQuad.NaN,
        ["sign"] = x => x.IsReal ? Math.Sign(x.Real.High) : ComplexQuad.NaN,
        ["conj"] = x => new ComplexQuad(x.Real, -x.Imaginary),
        ["Re"] = x => x.Real,
        ["Im"] = x => x.Imaginary,
        ["arg"] = x => Quad.Atan2(x.Imaginary, x.Real),
        ["cis"] = x => x.SinCos() is var (sin, cos) ? cos + (ComplexQuad.I * sin) : ComplexQuad.NaN,
        ["!"] = Factorial,
    };

    /// <summary>The value, not a number where there is none.</summary>
    /// <exception cref="WorkLimitException">The budget is spent.</exception>
    public ComplexQuad Value(Node node)
    {
        budget.Enter();
        var value = node switch
        {
            Number number => Quad.Of(number.Value),
            Symbol { Name: "π" } => Quad.Pi,
            Symbol { Name: "e" } => Quad.E,
            Symbol { Name: "i" } => ComplexQuad.I,
            Symbol { Name: "∞" } => Quad.PositiveInfinity,
            Symbol symbol => symbolValue(symbol.Name),
            Sum sum => Total(sum.Terms),
            Product product => Multiplied(product.Factors),
            Power power => Raised(power),
            Percent percent => Value(percent.Value) / 100,
            Measured { Unit: "°" } measured => Value(measured.Value) * Quad.Pi / 180,
            Measured measured => Value(measured.Value),
            Call call => Applied(call),
            _ => ComplexQuad.NaN,
        };
        budget.Leave();
        return value;
    }

    // A finite value that left the range of numbers, or lost its digits at the end of it, is not known.
    private static ComplexQuad Known(ComplexQuad value) => value.IsInRange ? value : ComplexQuad.NaN;

    private ComplexQuad Total(IReadOnlyList<Node> terms)
    {
        ComplexQuad sum = 0;
        var infinite = false;
        foreach (var term in terms)
        {
            var value = Value(term);
            infinite |= value.IsInfinite;
            sum += value;
        }
        return infinite ? sum : Known(sum);
    }

    // Only ∞ is infinite: a product that overflows is unknown, one that underflows is not 0.
    private ComplexQuad Multiplied(IReadOnlyList<Node> factors)
    {
        ComplexQuad product = 1;
        bool infinite = false, zero = false;
        foreach (var factor in factors)
        {
            var value = Value(factor);
            infinite |= value.IsInfinite;
            zero |= value.IsZero;
            product *= value;
            if (!infinite && !zero && !product.IsInRange || !zero && product.IsZero) return ComplexQuad.NaN;
        }
        return infinite || zero ? product : Known(product);
    }

    private ComplexQuad Raised(Power power)
    {
        var value = Value(power.Base);
        if (!value.IsFinite) return ComplexQuad.NaN;
        var raised = Raised(value, power.Exponent);
        return raised.IsZero && !value.IsZero ? ComplexQuad.NaN : Known(raised);
    }

    private ComplexQuad Raised(ComplexQuad value, Node power)
    {
        if (Exact.TryValue(power, budget) is { } exponent)
        {
            if (exponent.IsInteger && exponent.Abs().CompareTo(100_000) < 0)
            {
                return value.IsZero && exponent.Sign <= 0 ? exponent.IsZero ? 1 : ComplexQuad.NaN : value.Power((int)exponent.Numerator);
            }
            if (exponent == Half) return value.Sqrt();
            // The real root where there is one: the cube root of -8 is -2.
            if (!exponent.Denominator.IsEven && value.IsReal && value.Real.High < 0)
            {
                ComplexQuad size = (-value.Real).Log() * Quad.Of(exponent);
                var real = size.Exp();
                return exponent.Numerator.IsEven ? real : -real;
            }
        }
        return Value(power) is { IsFinite: true } other ? value.Power(other) : ComplexQuad.NaN;
    }

    private static readonly Rational Half = Rational.Of(1, 2);

    private ComplexQuad Applied(Call call)
    {
        var arguments = call.Arguments;
        if (arguments.Count == 1 && Functions.TryGetValue(call.Function, out var function))
        {
            budget.Step(8);
            var argument = Value(arguments[0]);
            if (!argument.IsFinite && call.Function is "ln" or "log" or "lg" && Logarithm(arguments[0]) is { } large)
                return Known(call.Function == "lg" ? large / ((ComplexQuad)10).Log() : large);
            return argument.IsInfinite && call.Function is not "abs" ? ComplexQuad.NaN : Known(function(argument));
        }
        if (Exact.TryValue(call, budget) is { } exact) return Quad.Of(exact);
        return (call.Function, arguments.Count) switch
        {
            ("logbase", 2) => Known(LogarithmOf(arguments[0]) / LogarithmOf(arguments[1])),
            ("binom" or "fn C", 2) => Binomial(Value(arguments[0]), Value(arguments[1])),
            ("fn P", 2) => Permutations(Value(arguments[0]), Value(arguments[1])),
            ("max" or "min", > 0) => Extreme(arguments, call.Function == "max"),
            ("+", 1) => Value(arguments[0]),
            _ => Opaque(call),
        };
    }

    private ComplexQuad LogarithmOf(Node node) => Value(node) is { IsFinite: true } value ? value.Log()
        : Logarithm(node) ?? ComplexQuad.NaN;

    // The logarithm of powers and products that are too large for a value: ln 2^10000 is 10000 ln 2. Null where it is not known.
    private ComplexQuad? Logarithm(Node node)
    {
        if (node is Power power)
        {
            return Value(power.Base) is { IsReal: true, IsFinite: true, Real.High: > 0 } root
                && Value(power.Exponent) is { IsReal: true, IsFinite: true } exponent ? root.Log() * exponent : null;
        }
        if (node is not Product { Factors: var factors }) return null;
        ComplexQuad sum = 0;
        foreach (var factor in factors)
        {
            var value = Value(factor);
            if (value is { IsReal: true, IsFinite: true, Real.High: > 0 }) sum += value.Log();
            else if (!value.IsFinite && Logarithm(factor) is { } part) sum += part;
            else return null;
        }
        return sum;
    }

    private static ComplexQuad Factorial(ComplexQuad x) => x.IsReal ? Gamma.Factorial(x.Real) : ComplexQuad.NaN;

    private static ComplexQuad Permutations(ComplexQuad n, ComplexQuad k) => Known(Factorial(n) / Factorial(n - k));

    private static ComplexQuad Binomial(ComplexQuad n, ComplexQuad k) => Known(Permutations(n, k) / Factorial(k));

    private ComplexQuad Extreme(IReadOnlyList<Node> arguments, bool largest)
    {
        var values = arguments.Select(argument => Value(argument).Real).ToList();
        return values.Any(value => !value.IsFinite) ? ComplexQuad.NaN : values.Aggregate((a, b) => a > b == largest ? a : b);
    }

    private ComplexQuad Opaque(Call call)
    {
        var hash = Hash(14695981039346656037, call.Function);
        hash = Tree.IsSymmetric(call) ? call.Arguments.Aggregate(0UL, (sum, argument) => sum + Mixed(hash, argument))
            : call.Arguments.Aggregate(hash, Mixed);
        return 1 + ((hash >> 11) * (1.0 / (1UL << 53)));
    }

    private ulong Mixed(ulong hash, Node node)
    {
        if (node is Words words) return Hash(hash, words.Text);
        if (node is Sequence or Relation or Matrix or Interval or SetOperation)
        {
            return Tree.Parts(node)
                .Aggregate(Hash(hash, node is Relation relation ? string.Concat(relation.Operators) : node.GetType().Name), Mixed);
        }
        var value = Value(node);
        // + 0: minus zero is zero.
        return Hash(hash, $"{Math.Round(value.Real.High, 12) + 0:G12} {Math.Round(value.Imaginary.High, 12) + 0:G12}");
    }

    private static ulong Hash(ulong hash, string text)
    {
        foreach (var c in text) hash = (hash ^ c) * 1099511628211;
        hash ^= hash >> 29;
        return hash * 0xBF58476D1CE4E5B9;
    }

    private static ComplexQuad Quotient(ComplexQuad a, ComplexQuad b) =>
        Math.Abs(b.Real.High) + Math.Abs(b.Imaginary.High) < 1e-26 ? ComplexQuad.NaN : a / b;

    private static ComplexQuad Ratio((ComplexQuad Sin, ComplexQuad Cos) pair) => Quotient(pair.Sin, pair.Cos);

    // The floor, where rounding must not turn 2.999…9 into 2.
    private static ComplexQuad FloorOf(Quad value)
    {
        var near = (value + 0.5).Floor();
        return (value - near).Abs().High < 1e-24 ? near : value.Floor();
    }

    private static ComplexQuad ArcSin(ComplexQuad x)
    {
        if (x.IsReal && Math.Abs(x.Real.High) <= 1) return Quad.Atan2(x.Real, ((Quad)1 - (x.Real * x.Real)).Sqrt());
        return -ComplexQuad.I * ((ComplexQuad.I * x) + ((ComplexQuad)1 - (x * x)).Sqrt()).Log();
    }

    private static ComplexQuad ArcTan(ComplexQuad x)
    {
        if (x.Imaginary.IsZero) return Quad.Atan2(x.Real, 1);
        var ix = ComplexQuad.I * x;
        return ComplexQuad.I * 0.5 * (((ComplexQuad)1 - ix).Log() - ((ComplexQuad)1 + ix).Log());
    }
}
