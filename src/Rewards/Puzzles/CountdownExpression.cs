using System.Numerics;

namespace R1Cloud.Rewards.Puzzles;

/// <summary>
/// Reads <c>+ − × ÷</c> and brackets over whole numbers, exactly: no code is run, nothing rounds, nothing nests without end.
/// </summary>
internal ref struct CountdownExpression
{
    private const int MaxLength = 1024, MaxDepth = 64, MaxDigits = 18;

    private readonly ReadOnlySpan<char> text;
    private readonly List<long> numbers;
    private int at, depth;

    private CountdownExpression(ReadOnlySpan<char> text, List<long> numbers)
    {
        this.text = text;
        this.numbers = numbers;
    }

    /// <summary>The value and the numbers that it is made of, or what is wrong with the text.</summary>
    public static (Fraction Value, IReadOnlyList<long> Numbers, string? Problem) Evaluate(string text)
    {
        if (text.Length > MaxLength) return (default, [], $"longer than {MaxLength} characters");
        var self = new CountdownExpression(text, []);
        try
        {
            var value = self.Sum();
            return self.Peek() == '\0'
                ? (value, self.numbers, null) : (default, [], $"'{self.Peek()}' at {self.at + 1} is no part of an expression");
        }
        catch (FormatException e)
        {
            return (default, [], e.Message);
        }
    }

    private Fraction Sum()
    {
        var value = Product();
        while (true)
        {
            if (Take("+")) value += Product();
            else if (Take("-−–")) value -= Product();
            else return value;
        }
    }

    private Fraction Product()
    {
        var value = Factor();
        while (true)
        {
            if (Take("*×·xX")) value *= Factor();
            else if (Take("/÷"))
                value = Factor() is { Numerator.IsZero: false } divisor ? value / divisor : throw new FormatException("division by 0");
            else return value;
        }
    }

    private Fraction Factor()
    {
        if (++depth > MaxDepth) throw new FormatException($"more than {MaxDepth} levels deep");
        Fraction value;
        if (Take("-−–")) value = new Fraction(0, 1) - Factor();
        else if (Take("("))
        {
            value = Sum();
            if (!Take(")")) throw new FormatException("a bracket is not closed");
        }
        else value = Number();
        depth--;
        return value;
    }

    private Fraction Number()
    {
        Peek();
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at == start || at - start > MaxDigits)
            throw new FormatException(at == start ? $"a number is missing at {start + 1}" : $"a number of more than {MaxDigits} digits");
        var number = long.Parse(text[start..at], System.Globalization.CultureInfo.InvariantCulture);
        if (at + 1 >= text.Length || text[at] != '.' || !char.IsAsciiDigit(text[at + 1]))
        {
            numbers.Add(number);
            return new Fraction(number, 1);
        }
        // 2.5 is how people write a result; none of the given numbers, unless only zeros follow the point.
        var point = ++at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at - point > MaxDigits) throw new FormatException($"a number of more than {MaxDigits} digits");
        var decimals = long.Parse(text[point..at], System.Globalization.CultureInfo.InvariantCulture);
        numbers.Add(decimals == 0 ? number : long.MinValue);
        return new Fraction(number, 1) + new Fraction(decimals, BigInteger.Pow(10, at - point));
    }

    private bool Take(string signs)
    {
        if (Peek() == '\0' || !signs.Contains(text[at], StringComparison.Ordinal)) return false;
        at++;
        return true;
    }

    private char Peek()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at < text.Length ? text[at] : '\0';
    }
}

/// <summary>An exact quotient in lowest terms; the denominator is above 0.</summary>
internal readonly record struct Fraction
{
    public Fraction(BigInteger numerator, BigInteger denominator)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        (Numerator, Denominator) = (numerator / divisor, denominator / divisor);
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    public static Fraction operator +(Fraction a, Fraction b) =>
        new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Fraction operator -(Fraction a, Fraction b) =>
        new(a.Numerator * b.Denominator - b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Fraction operator *(Fraction a, Fraction b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Fraction operator /(Fraction a, Fraction b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public override string ToString() => Denominator.IsOne ? Numerator.ToString() : $"{Numerator}/{Denominator}";
}
