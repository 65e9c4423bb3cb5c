using System.Text;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>
/// A polynomial with rational coefficients in numbered generators. A monomial is a string of pairs of characters, generator and exponent,
/// in order of the generators: strings compare and hash by value.
/// </summary>
internal sealed class Polynomial
{
    private const int MaxTerms = 600;
    private const int MaxExponent = 60_000;
    private readonly Dictionary<string, Rational> terms;

    private Polynomial(Dictionary<string, Rational> terms) => this.terms = terms;

    public static Polynomial Zero { get; } = new([]);

    public static Polynomial One { get; } = Constant(Rational.One);

    public IReadOnlyDictionary<string, Rational> Terms => terms;

    public bool IsZero => terms.Count == 0;

    /// <summary>The value when there is no generator in it.</summary>
    public Rational? AsConstant =>
        terms.Count == 0 ? Rational.Zero : terms.Count == 1 && terms.TryGetValue("", out var value) ? value : null;

    public static Polynomial Constant(Rational value) => value.IsZero ? Zero : new(new() { [""] = value });

    public static Polynomial Generator(int index) => new(new() { [Monomial(index, 1)] = Rational.One });

    public static Polynomial operator +(Polynomial a, Polynomial b) => Combine(a, b, Rational.One);

    public static Polynomial operator -(Polynomial a, Polynomial b) => Combine(a, b, Rational.MinusOne);

    /// <summary>The product, with powers of roots replaced by what they are roots of.</summary>
    /// <exception cref="TooLargeException">It has too many terms.</exception>
    public static Polynomial Multiply(Polynomial a, Polynomial b, Generators generators, WorkBudget budget)
    {
        var result = new Dictionary<string, Rational>();
        List<(string Monomial, Rational Coefficient)>? reducible = null;
        foreach (var (left, leftValue) in a.terms)
        {
            foreach (var (right, rightValue) in b.terms)
            {
                budget.Step(2 + ((leftValue.Bits + rightValue.Bits) >> 5));
                var monomial = Merge(left, right);
                if (generators.IsReducible(monomial)) (reducible ??= []).Add((monomial, leftValue * rightValue));
                else Add(result, monomial, leftValue * rightValue);
            }
        }
        var product = new Polynomial(result);
        if (reducible is null) return product;
        budget.Enter();
        foreach (var (monomial, coefficient) in reducible) product += generators.Reduce(monomial, coefficient, budget);
        budget.Leave();
        return product;
    }

    public Polynomial Scale(Rational factor) =>
        factor.IsZero ? Zero : new(terms.ToDictionary(term => term.Key, term => term.Value * factor));

    /// <summary>Coefficients from the constant up, when it has no generator but this one.</summary>
    public Rational[]? Coefficients(int generator, int maxDegree)
    {
        var coefficients = new Rational[maxDegree + 1];
        var degree = 0;
        foreach (var (monomial, value) in terms)
        {
            if (monomial.Length > 2 || monomial.Length == 2 && (monomial[0] != generator || monomial[1] > maxDegree)) return null;
            var exponent = monomial.Length == 0 ? 0 : monomial[1];
            coefficients[exponent] = value;
            degree = Math.Max(degree, exponent);
        }
        return coefficients[..(degree + 1)];
    }

    /// <summary>The factor by which this is the other's multiple, or null.</summary>
    public Rational? RatioTo(Polynomial other)
    {
        if (terms.Count != other.terms.Count || terms.Count == 0) return null;
        Rational? ratio = null;
        foreach (var (monomial, value) in terms)
        {
            if (!other.terms.TryGetValue(monomial, out var otherValue)) return null;
            var here = value / otherValue;
            if (ratio is { } known && known != here) return null;
            ratio = here;
        }
        return ratio;
    }

    /// <summary>The largest monomial that divides every term.</summary>
    public string CommonMonomial()
    {
        string? common = null;
        foreach (var monomial in terms.Keys)
        {
            if (common is null)
            {
                common = monomial;
                continue;
            }
            var shared = new StringBuilder();
            for (int i = 0, j = 0; i < common.Length && j < monomial.Length;)
            {
                if (common[i] == monomial[j])
                {
                    shared.Append(common[i]).Append((char)Math.Min(common[i + 1], monomial[j + 1]));
                    i += 2;
                    j += 2;
                }
                else if (common[i] < monomial[j]) i += 2;
                else j += 2;
            }
            common = shared.ToString();
            if (common.Length == 0) break;
        }
        return common ?? "";
    }

    /// <summary>Divides every term by a monomial that divides it.</summary>
    public Polynomial DivideBy(string monomial) =>
        monomial.Length == 0 ? this : new(terms.ToDictionary(term => Quotient(term.Key, monomial), term => term.Value));

    /// <summary>A text that equal polynomials share.</summary>
    public string Key()
    {
        var key = new StringBuilder();
        foreach (var (monomial, value) in terms.OrderBy(term => term.Key, StringComparer.Ordinal))
        {
            key.Append(value);
            for (var i = 0; i < monomial.Length; i += 2) key.Append('*').Append((int)monomial[i]).Append('^').Append((int)monomial[i + 1]);
            key.Append('+');
        }
        return key.ToString();
    }

    public static string Monomial(int generator, int exponent) =>
        exponent <= MaxExponent ? string.Concat((char)generator, ((char)exponent).ToString())
            : throw new TooLargeException("a power is too large");

    public static Polynomial Term(string monomial, Rational coefficient) =>
        coefficient.IsZero ? Zero : new(new() { [monomial] = coefficient });

    private static Polynomial Combine(Polynomial a, Polynomial b, Rational factor)
    {
        var result = new Dictionary<string, Rational>(a.terms);
        foreach (var (monomial, value) in b.terms) Add(result, monomial, value * factor);
        return new(result);
    }

    private static void Add(Dictionary<string, Rational> terms, string monomial, Rational value)
    {
        if (value.IsZero) return;
        if (!terms.TryGetValue(monomial, out var old)) terms.Add(monomial, value);
        else if ((old + value) is { IsZero: false } sum) terms[monomial] = sum;
        else terms.Remove(monomial);
        if (terms.Count > MaxTerms) throw new TooLargeException("a polynomial has too many terms");
    }

    private static string Merge(string a, string b)
    {
        if (a.Length == 0) return b;
        if (b.Length == 0) return a;
        Span<char> merged = stackalloc char[a.Length + b.Length];
        var length = 0;
        int i = 0, j = 0;
        while (i < a.Length || j < b.Length)
        {
            var takeLeft = j >= b.Length || i < a.Length && a[i] <= b[j];
            var takeRight = i >= a.Length || j < b.Length && b[j] <= a[i];
            merged[length++] = takeLeft ? a[i] : b[j];
            var exponent = (takeLeft ? a[i + 1] : 0) + (takeRight ? b[j + 1] : 0);
            if (exponent > MaxExponent) throw new TooLargeException("a power is too large");
            merged[length++] = (char)exponent;
            if (takeLeft) i += 2;
            if (takeRight) j += 2;
        }
        return new string(merged[..length]);
    }

    private static string Quotient(string monomial, string divisor)
    {
        var quotient = new StringBuilder();
        for (int i = 0, j = 0; i < monomial.Length; i += 2)
        {
            var exponent = (int)monomial[i + 1];
            if (j < divisor.Length && divisor[j] == monomial[i])
            {
                exponent -= divisor[j + 1];
                j += 2;
            }
            if (exponent > 0) quotient.Append(monomial[i]).Append((char)exponent);
        }
        return quotient.ToString();
    }
}
