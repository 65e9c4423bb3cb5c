using System.Numerics;
using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>The whole numbers of some remainders: x ≡ 3 (mod 7), n ≡ ±1 (mod 5), or x = 7k + 3 with k ∈ ℤ.</summary>
internal sealed class ResidueClasses
{
    private const int MaxModulus = 5000;
    private readonly string? name;
    private readonly List<(BigInteger Remainder, BigInteger Modulus)> classes;

    private ResidueClasses(string? name, List<(BigInteger Remainder, BigInteger Modulus)> classes) =>
        (this.name, this.classes) = (name, classes);

    /// <summary>The classes that an answer is; null for any other answer.</summary>
    public static ResidueClasses? TryRead(Node node, WorkBudget budget) => node switch
    {
        Relation { Operators: ["≡"] } => Congruences([node]),
        Sequence { IsOpen: true, Items: [_, .., Relation { Operators: ["∈"], Sides: [Symbol counter, NamedSet { Name: "ℤ" }] }] items } =>
            Families([.. items.SkipLast(1)], counter, budget),
        Sequence { IsOpen: true, Items: [Relation { Operators: ["≡"] }, ..] several } => Congruences(several),
        _ => null,
    };

    /// <summary>Whether both are the same numbers: a name that is told on one side only goes without saying on the other.</summary>
    public bool IsSame(ResidueClasses other)
    {
        if (name is not null && other.name is not null && name != other.name) return false;
        var modulus = classes.Concat(other.classes).Aggregate(BigInteger.One, (all, one) => all * one.Modulus
            / BigInteger.GreatestCommonDivisor(all, one.Modulus));
        return modulus <= MaxModulus ? Lifted(modulus).SetEquals(other.Lifted(modulus))
            : classes.ToHashSet().SetEquals(other.classes);
    }

    private HashSet<BigInteger> Lifted(BigInteger modulus)
    {
        var rests = new HashSet<BigInteger>();
        foreach (var (rest, step) in classes)
            for (var value = rest; value < modulus; value += step) rests.Add(value);
        return rests;
    }

    // n ≡ 1, 4 (mod 5): a modulus stands behind each or behind the last.
    private static ResidueClasses? Congruences(IReadOnlyList<Node> items)
    {
        string? name = null;
        var found = new List<(Node Value, Rational? Modulus)>();
        foreach (var item in items)
        {
            var value = item;
            if (item is Relation { Operators: ["≡"], Sides: [Symbol { IsConstant: false } symbol, var right] })
            {
                if (name is not null && name != symbol.Name) return null;
                (name, value) = (symbol.Name, right);
            }
            else if (item is Relation or Words) return null;
            found.Add(Split(value));
        }
        if (found[^1].Modulus is not { } last) return null;
        var classes = new List<(BigInteger, BigInteger)>();
        foreach (var (value, modulus) in found)
            foreach (var rest in Values(value))
                if (rest is null || !Add(classes, rest.Value, modulus ?? last)) return null;
        return new(name, classes);
    }

    // The value and the modulus of 10 (mod 7), however it is written.
    private static (Node Value, Rational? Modulus) Split(Node node) => node switch
    {
        Product { Factors: [var factor, Call { Function: "pmod", Arguments: [Number m] }] } => (factor, m.Value),
        Product { Factors: [Number sign, Product { Factors: [var factor, Call { Function: "pmod", Arguments: [Number m] }] }] } =>
            (Tree.Multiply(sign, factor), m.Value),
        Call { Function: "±" or "∓" or "-" } call when Split(call.Arguments[0]) is { Modulus: { } m } inner =>
            (call with { Arguments = [inner.Value] }, m),
        Call { Function: "mod", Arguments: [var rest, Number m] } => (rest, m.Value),
        _ => (node, null),
    };

    private static IEnumerable<Rational?> Values(Node node) => node switch
    {
        Number number => [number.Value],
        Product { Factors: [Number sign, Number size] } => [sign.Value * size.Value],
        Call { Function: "±" or "∓", Arguments: [Number size] } => [size.Value, -size.Value],
        _ => [null],
    };

    // 7k + 3
    private static ResidueClasses? Families(IReadOnlyList<Node> elements, Symbol counter, WorkBudget budget)
    {
        string? name = null;
        var classes = new List<(BigInteger, BigInteger)>();
        foreach (var element in elements)
        {
            var value = element;
            if (Answers.TryAssignment(element) is { } assignment)
            {
                if (name is not null && name != assignment.Name || assignment.Name == counter.Name) return null;
                (name, value) = (assignment.Name, assignment.Value);
            }
            var form = new NormalForm(budget);
            if (value is not (Number or Symbol or Sum or Product) || form.TryForm(value) is not { } quotient
                || quotient.Below.AsConstant is not { IsZero: false } below
                || quotient.Above.Coefficients(form.Generators.Symbol(counter.Name), 1) is not [var rest, var step]
                || !Add(classes, rest / below, (step / below).Abs())) return null;
        }
        return new(name, classes);
    }

    private static bool Add(List<(BigInteger, BigInteger)> classes, Rational rest, Rational modulus)
    {
        if (!rest.IsInteger || !modulus.IsInteger || modulus.Sign <= 0) return false;
        var smallest = BigInteger.Remainder(rest.Numerator, modulus.Numerator);
        classes.Add((smallest.Sign < 0 ? smallest + modulus.Numerator : smallest, modulus.Numerator));
        return true;
    }
}
