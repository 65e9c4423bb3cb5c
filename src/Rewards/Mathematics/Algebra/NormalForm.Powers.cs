using System.Globalization;
using System.Numerics;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <content>Powers and roots, by their exponents before anything is expanded.</content>
internal sealed partial class NormalForm
{
    private const int MaxExpandedPower = 40;
    private const int MaxMonomialPower = 20_000;

    // Roots of a prime whose degree divides this are powers of one root, so that √2 is the square of the fourth root of 2.
    private const int CommonDegree = 12;
    private const int SmallestUntried = 1000;

    private Quotient Raised(Power power)
    {
        if (Exact.TryValue(power, budget) is { } exact) return Whole(Polynomial.Constant(exact));
        if (Exact.TryValue(power.Exponent, budget) is { } exponent)
        {
            // (a^m)^n is a^(mn) for a whole n.
            if (exponent.IsInteger && power.Base is Power inner && Exact.TryValue(inner.Exponent,
                budget) is { IsInteger: true } first) return Raised(new Power(inner.Base, new Number(first * exponent)));
            if (Exact.TryValue(power.Base, budget) is { } number && exponent.Denominator <= 64) return NumberPower(number, exponent);
            var form = Form(power.Base);
            if (exponent.IsInteger) return ToPower(form, exponent);
            if (exponent.Denominator <= CommonDegree) return Multiplied(RootPower(form.Above, exponent),
                Inverse(RootPower(form.Below, exponent)));
            var generator = Generators.Opaque($"{KeyOf(form)}^1/{exponent.Denominator}", mayVanish: false);
            return ToPower(Whole(Polynomial.Generator(generator)), exponent.Numerator);
        }
        return SymbolicPower(power);
    }

    private Quotient RootPower(Polynomial radicand, Rational exponent)
    {
        if (radicand.AsConstant is { } constant) return NumberPower(constant, exponent);
        var root = Polynomial.Generator(Generators.Root(radicand.Key(), (int)exponent.Denominator, radicand, isIndependent: false));
        return ToPower(Whole(root), exponent.Numerator);
    }

    // A power with an exponent that is no fraction, by the terms of the exponent: a^(2x+1) is a · (a^x)².
    private Quotient SymbolicPower(Power power)
    {
        var exponent = Form(power.Exponent);
        var factors = Exact.TryValue(power.Base, budget) is { Sign: > 0 } number
            ? [.. Factors(number.Numerator), .. Factors(number.Denominator).Select(factor => factor with { Exponent = -factor.Exponent })]
            : (List<(BigInteger Prime, int Exponent)>)[];
        var bases = factors.Count > 0
            ? factors.Select(factor => (Key: factor.Prime.ToString(CultureInfo.InvariantCulture), Node: (Node)new Number(factor.Prime),
                Times: (Rational)factor.Exponent)).ToList()
            : [(KeyOf(Form(power.Base)), power.Base, Rational.One)];
        var result = Whole(Polynomial.One);
        foreach (var (key, node, times) in bases)
        {
            if (exponent.Below.AsConstant is null)
            {
                var whole = Whole(Polynomial.Generator(Generators.Opaque($"{key}^{KeyOf(exponent)}", mayVanish: false)));
                result = Multiplied(result, ToPower(whole, times));
                continue;
            }
            foreach (var (monomial, coefficient) in exponent.Above.Terms)
            {
                budget.Step();
                var factor = monomial.Length == 0 ? Raised(new Power(node, new Number(coefficient * times)))
                    : Part(key, monomial, coefficient * times);
                result = Multiplied(result, factor);
            }
        }
        return result;

        Quotient Part(string key, string monomial, Rational coefficient)
        {
            var generator = Generators.Opaque($"{key}^{Polynomial.Term(monomial, Rational.Of(1, coefficient.Denominator)).Key()}",
                mayVanish: false);
            return ToPower(Whole(Polynomial.Generator(generator)), coefficient.Numerator);
        }
    }

    private Quotient ToPower(Quotient form, Rational exponent)
    {
        if (exponent.Sign < 0) return ToPower(Inverse(form), -exponent);
        var single = form.Above.Terms.Count <= 1 && form.Below.Terms.Count == 1;
        if (exponent.CompareTo(single ? MaxMonomialPower : MaxExpandedPower) > 0)
        {
            var count = exponent.CompareTo(MaxMonomialPower) <= 0 ? (int)exponent.Numerator : 1;
            var generator = Generators.Opaque(count > 1 ? KeyOf(form) : $"{KeyOf(form)}^{exponent}", mayVanish: false);
            return Whole(Polynomial.Term(Polynomial.Monomial(generator, count), Rational.One));
        }
        var result = Whole(Polynomial.One);
        var square = form;
        for (var rest = (int)exponent.Numerator; rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result = new(Times(result.Above, square.Above), Times(result.Below, square.Below));
            if (rest > 1) square = new(Times(square.Above, square.Above), Times(square.Below, square.Below));
        }
        return Reduced(result);
    }

    // A power of a fraction by powers of its prime factors, so that √12 is 2√3, √2 √3 is √6, and 4^n is 2^(2n) for n of any size.
    private Quotient NumberPower(Rational value, Rational exponent)
    {
        if (value.IsZero) return exponent.Sign > 0 ? Whole(Polynomial.Zero) : throw new UndefinedException();
        if (exponent.IsZero) return Whole(Polynomial.One);
        var result = Whole(Polynomial.One);
        var degree = (int)exponent.Denominator;
        foreach (var (prime, times) in Factors(BigInteger.Abs(value.Numerator)).Concat(Factors(value.Denominator).Select(factor =>
            (factor.Prime, -factor.Exponent))))
        {
            var power = exponent.Numerator * times;
            var whole = BigInteger.Abs(power) / degree;
            var rest = (int)(BigInteger.Abs(power) % degree);
            var factor = Generators.PrimePower(prime, whole);
            if (rest > 0) factor = Times(factor, PrimeRoot(prime, rest, degree));
            result = power.Sign > 0 ? Multiplied(result, Whole(factor))
                : Multiplied(result, Rationalized(factor, prime, whole, rest, degree));
        }
        if (value.Sign > 0 || exponent.Numerator.IsEven) return result;
        if (degree % 2 != 0) return Scaled(result, Rational.MinusOne);
        if (degree != 2) throw new TooLargeException("a root that is not real");
        var unit = Whole(Polynomial.Generator(ImaginaryUnit));
        return Multiplied(result, ToPower(unit, (exponent.Numerator % 4 + 4) % 4));
    }

    // A product with powers of numbers that are too large to compute: their exponents are added prime by prime. Null for any other.
    private Quotient? Joined(Product product)
    {
        if (!product.Factors.Any(factor => factor is Power { Base: Number,
            Exponent: not Number { Value: { IsInteger: true, Bits: < 10 } } })) return null;
        var exponents = new SortedDictionary<BigInteger, Rational>();
        var others = new List<Node>();
        var sign = Rational.One;
        foreach (var factor in product.Factors)
        {
            var (node, power) = factor is Power raised ? (raised.Base, Exact.TryValue(raised.Exponent, budget)) : (factor, Rational.One);
            if (power is not { } exponent || node is not Number { Value: { IsZero: false } value } || value.Sign < 0 && !exponent.IsInteger)
            {
                others.Add(factor);
                continue;
            }
            if (value.Sign < 0 && !exponent.Numerator.IsEven) sign = -sign;
            foreach (var (prime, times) in Factors(BigInteger.Abs(value.Numerator)))
                exponents[prime] = exponents.GetValueOrDefault(prime) + (exponent * times);
            foreach (var (prime, times) in Factors(value.Denominator))
                exponents[prime] = exponents.GetValueOrDefault(prime) - (exponent * times);
        }
        if (exponents.Values.Any(exponent => exponent.Denominator > 64)) return null;
        var result = Whole(Polynomial.Constant(sign));
        foreach (var (prime, exponent) in exponents) result = Multiplied(result, NumberPower(prime, exponent));
        return others.Select(Form).Aggregate(result, Multiplied);
    }

    // 1 / p^(w + r/n), without a root below where the power can be computed.
    private Quotient Rationalized(Polynomial factor, BigInteger prime, BigInteger whole, int rest, int degree)
    {
        if (rest == 0) return Inverse(Whole(factor));
        var above = PrimeRoot(prime, degree - rest, degree);
        return Multiplied(Whole(above), Inverse(Whole(Generators.PrimePower(prime, whole + 1))));
    }

    // p^(r/n) for r below n.
    private Polynomial PrimeRoot(BigInteger prime, int rest, int degree)
    {
        var divisor = (int)BigInteger.GreatestCommonDivisor(rest, degree);
        (rest, degree) = (rest / divisor, degree / divisor);
        var isCommon = CommonDegree % degree == 0;
        if (isCommon) (rest, degree) = (rest * (CommonDegree / degree), CommonDegree);
        // What has no factor below a thousand is prime below a million.
        var isIndependent = isCommon && prime < SmallestUntried * SmallestUntried;
        var generator = Generators.Root(prime.ToString(CultureInfo.InvariantCulture), degree, Polynomial.Constant(prime), isIndependent);
        return Polynomial.Term(Polynomial.Monomial(generator, rest), Rational.One);
    }

    private List<(BigInteger Prime, int Exponent)> Factors(BigInteger value)
    {
        var factors = new List<(BigInteger, int)>();
        for (var prime = 2; prime < SmallestUntried && value > 1; prime += prime == 2 ? 1 : 2)
        {
            if (value < (BigInteger)prime * prime) break; // what is left is prime
            budget.Step(1 + ((int)value.GetBitLength() >> 8));
            var exponent = 0;
            while (BigInteger.DivRem(value, prime, out var rest) is var quotient && rest.IsZero)
            {
                value = quotient;
                exponent++;
                budget.Step();
            }
            if (exponent > 0) factors.Add((prime, exponent));
        }
        if (value > 1) factors.Add(Exact.WholeRoot(value, 2) is { } root ? (root, 2) : (value, 1));
        return factors;
    }
}
