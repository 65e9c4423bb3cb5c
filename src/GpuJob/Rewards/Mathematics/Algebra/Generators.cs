namespace R1Cloud.GpuJob.Rewards.Mathematics.Algebra;

/// <summary>The generators of one comparison: symbols, i, roots, and functions that algebra does not look into; both sides share them.</summary>
internal sealed class Generators
{
    private readonly Dictionary<string, int> indexes = new(StringComparer.Ordinal);
    private readonly List<(int Degree, Polynomial? Radicand)> rules = [];

    /// <summary>Whether a generator other than a symbol is in use, so that a form that is not zero may yet be worth zero.</summary>
    public bool HasOpaque { get; private set; }

    /// <summary>A symbol, by name.</summary>
    public int Symbol(string name) => Index("s" + name, 0, null);

    /// <summary>What algebra does not look into, by a text that equal ones share.</summary>
    public int Opaque(string key)
    {
        HasOpaque = true;
        return Index("o" + key, 0, null);
    }

    /// <summary>A root: its power of this degree is the radicand.</summary>
    public int Root(string key, int degree, Polynomial radicand)
    {
        HasOpaque |= degree != 2 || radicand.AsConstant is null;
        return Index($"r{degree} {key}", degree, radicand);
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
            var smaller = string.Concat(monomial.AsSpan(0, i), rest > 0 ? Polynomial.Monomial(monomial[i], rest) : "", monomial.AsSpan(i + 2));
            var result = Polynomial.Term(smaller, coefficient);
            for (var k = 0; k < times; k++) result = Polynomial.Multiply(result, radicand!, this, budget);
            // The smaller monomial may hold other roots, which no product has looked at.
            return times > 0 && result.Terms.Keys.Any(IsReducible) ? result.Terms.Select(term => Reduce(term.Key, term.Value, budget)).Aggregate((a, b) => a + b) : result;
        }
        return Polynomial.Term(monomial, coefficient);
    }

    private int Index(string key, int degree, Polynomial? radicand)
    {
        if (indexes.TryGetValue(key, out var index)) return index;
        if (rules.Count >= 200) throw new WorkLimitException("too many symbols");
        indexes.Add(key, rules.Count);
        rules.Add((degree, radicand));
        return rules.Count - 1;
    }
}
