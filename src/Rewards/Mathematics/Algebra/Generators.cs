using System.Numerics;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>
/// The generators of one comparison: symbols, i, roots, powers too large to compute, and functions that algebra does not look into; both
/// sides share them.
/// </summary>
internal sealed class Generators
{
    private const int MaxGenerators = 200;

    // Beyond so many bits a power of a prime is a generator.
    private const int MaxPowerBits = 2048;
    private readonly Dictionary<string, int> indexes = new(StringComparer.Ordinal);
    private readonly List<(int Degree, Polynomial? Radicand)> rules = [];
    private readonly Dictionary<BigInteger, List<(BigInteger Exponent, int Generator)>> largePowers = [];
    private readonly Dictionary<string, List<(BigInteger Shift, int Generator)>> factorials = new(StringComparer.Ordinal);
    private readonly HashSet<int> canVanish = [];

    /// <summary>Whether a generator that may depend on others is in use, so that a form that is not zero may yet be worth zero.</summary>
    public bool HasOpaque { get; private set; }

    /// <summary>A symbol, by name.</summary>
    public int Symbol(string name) => Index("s" + name, 0, null);

    /// <summary>What algebra does not look into, by a text that equal ones share.</summary>
    /// <param name="key">The text.</param>
    /// <param name="mayVanish">Whether its value may be 0, as that of a sine and unlike that of a power.</param>
    public int Opaque(string key, bool mayVanish)
    {
        HasOpaque = true;
        var index = Index("o" + key, 0, null);
        if (mayVanish) canVanish.Add(index);
        return index;
    }

    /// <summary>A root: its power of this degree is the radicand.</summary>
    /// <param name="key">The radicand as a text that equal ones share.</param>
    /// <param name="degree">The degree.</param>
    /// <param name="radicand">The radicand.</param>
    /// <param name="isIndependent">Whether no product of other roots in use can be worth a fraction times this one.</param>
    public int Root(string key, int degree, Polynomial radicand, bool isIndependent)
    {
        HasOpaque |= !isIndependent;
        return Index($"r{degree} {key}", degree, radicand);
    }

    /// <summary>
    /// A power of a prime or of another number without known factors. One too large to compute is a fraction times a generator: powers near
    /// each other
    /// share it, so that 2 · 2^n is 2^(n+1) for n of any size.
    /// </summary>
    /// <param name="prime">The number.</param>
    /// <param name="exponent">The exponent, 0 or more.</param>
    public Polynomial PrimePower(BigInteger prime, BigInteger exponent)
    {
        var bits = (double)prime.GetBitLength();
        if ((double)exponent * bits <= MaxPowerBits) return Polynomial.Constant(((Rational)prime).Power((int)exponent));
        if (!largePowers.TryGetValue(prime, out var known)) largePowers.Add(prime, known = []);
        foreach (var (other, generator) in known)
        {
            if ((double)BigInteger.Abs(exponent - other) * bits <= MaxPowerBits)
                return Polynomial.Generator(generator).Scale(((Rational)prime).Power((int)(exponent - other)));
        }
        var index = Index($"p{prime} {exponent}", 0, null);
        known.Add((exponent, index));
        return Polynomial.Generator(index);
    }

    /// <summary>The factorial nearest to one of the same argument but for a whole number: its shift and its generator.</summary>
    /// <param name="key">The argument without its whole part, as a text.</param>
    /// <param name="shift">The whole part.</param>
    /// <param name="farthest">How far the other may be away.</param>
    public (BigInteger Shift, int Generator) Factorial(string key, BigInteger shift, int farthest)
    {
        if (!factorials.TryGetValue(key, out var known)) factorials.Add(key, known = []);
        foreach (var factorial in known)
        {
            if (BigInteger.Abs(factorial.Shift - shift) <= farthest) return factorial;
        }
        var made = (shift, Index($"f{shift} {key}", 0, null));
        known.Add(made);
        return made;
    }

    /// <summary>Whether no factor of a monomial can be worth 0 by itself.</summary>
    public bool IsNeverZero(string monomial)
    {
        for (var i = 0; i < monomial.Length; i += 2)
        {
            if (canVanish.Contains(monomial[i])) return false;
        }
        return true;
    }

    /// <summary>Whether a polynomial is one in π or in e and nothing else: such a one is worth 0 only where it is 0.</summary>
    public bool IsOfOneTranscendental(Polynomial polynomial)
    {
        var used = polynomial.Terms.Keys.SelectMany(monomial => monomial.Where((_, i) => i % 2 == 0)).Distinct().Take(2).ToList();
        return used.Count == 1 && (indexes.TryGetValue("oπ", out var pi) && used[0] == pi || indexes.TryGetValue("oe", out var e)
            && used[0] == e);
    }

    /// <summary>Whether a monomial holds a power of a root that can be replaced.</summary>
    public bool IsReducible(string monomial)
    {
        for (var i = 0; i < monomial.Length; i += 2)
        {
            if (rules[monomial[i]].Degree is var degree and > 0 && monomial[i + 1] >= degree) return true;
        }
        return false;
    }

    /// <summary>Replaces powers of roots by what they are roots of.</summary>
    public Polynomial Reduce(string monomial, Rational coefficient, WorkBudget budget)
    {
        for (var i = 0; i < monomial.Length; i += 2)
        {
            var (degree, radicand) = rules[monomial[i]];
            if (degree == 0 || monomial[i + 1] < degree) continue;
            var (times, rest) = Math.DivRem(monomial[i + 1], degree);
            var smaller =
                string.Concat(monomial.AsSpan(0, i), rest > 0 ? Polynomial.Monomial(monomial[i], rest) : "", monomial.AsSpan(i + 2));
            var result = Polynomial.Term(smaller, coefficient);
            if (radicand!.AsConstant is { } constant) result = result.Scale(constant.Power(times));
            else for (var k = 0; k < times; k++) result = Polynomial.Multiply(result, radicand, this, budget);
            // The smaller monomial may hold other roots, which no product has looked at.
            return times > 0 && result.Terms.Keys.Any(IsReducible)
                ? result.Terms.Select(term => Reduce(term.Key, term.Value, budget)).Aggregate((a, b) => a + b) : result;
        }
        return Polynomial.Term(monomial, coefficient);
    }

    private int Index(string key, int degree, Polynomial? radicand)
    {
        if (indexes.TryGetValue(key, out var index)) return index;
        if (rules.Count >= MaxGenerators) throw new TooLargeException("too many symbols");
        indexes.Add(key, rules.Count);
        rules.Add((degree, radicand));
        return rules.Count - 1;
    }
}
