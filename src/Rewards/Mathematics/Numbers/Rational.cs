using System.Globalization;
using System.Numerics;

namespace R1Cloud.Rewards.Mathematics.Numbers;

/// <summary>An exact fraction in lowest terms with a positive denominator; its size is bounded.</summary>
internal readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    /// <summary>The size from which on an operation throws <see cref="TooLargeException"/>.</summary>
    public const int MaxBits = 4096;

    private readonly BigInteger denominatorLessOne;

    private Rational(BigInteger numerator, BigInteger denominator)
    {
        if (numerator.GetBitLength() > MaxBits
            || denominator.GetBitLength() > MaxBits) throw new TooLargeException("a number is too large");
        Numerator = numerator;
        denominatorLessOne = denominator - 1;
    }

    public static Rational Zero => default;

    public static Rational One { get; } = new(1, 1);

    public static Rational MinusOne { get; } = new(-1, 1);

    public BigInteger Numerator { get; }

    public BigInteger Denominator => denominatorLessOne + 1;

    public bool IsZero => Numerator.IsZero;

    public bool IsInteger => denominatorLessOne.IsZero;

    public int Sign => Numerator.Sign;

    /// <summary>The longer of both terms, in bits.</summary>
    public int Bits => (int)Math.Max(Numerator.GetBitLength(), denominatorLessOne.GetBitLength());

    public static implicit operator Rational(int value) => new(value, 1);

    public static implicit operator Rational(BigInteger value) => new(value, 1);

    /// <summary>The fraction in lowest terms.</summary>
    /// <exception cref="UndefinedException">The denominator is 0.</exception>
    public static Rational Of(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero) throw new UndefinedException();
        if (denominator.IsOne) return new(numerator, 1);
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        if (denominator.Sign < 0) divisor = -divisor;
        return new(numerator / divisor, denominator / divisor);
    }

    public static Rational operator +(Rational a, Rational b) =>
        a.IsInteger && b.IsInteger
            ? new(a.Numerator + b.Numerator, 1)
            : Of((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + (-b);

    public static Rational operator *(Rational a, Rational b) =>
        a.IsInteger && b.IsInteger ? new(a.Numerator * b.Numerator, 1) : Of(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) => Of(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    /// <summary>An integer power.</summary>
    public Rational Power(int exponent)
    {
        if (exponent == 0) return One;
        var size = Math.Max(Numerator.GetBitLength(), Denominator.GetBitLength()) * Math.Abs((long)exponent);
        if (size > MaxBits && !(IsInteger && BigInteger.Abs(Numerator) <= 1)) throw new TooLargeException("a power is too large");
        if (exponent < 0) return Of(BigInteger.Pow(Denominator, -exponent), BigInteger.Pow(Numerator, -exponent));
        return new(BigInteger.Pow(Numerator, exponent), BigInteger.Pow(Denominator, exponent));
    }

    public Rational Abs() => Sign < 0 ? -this : this;

    public BigInteger Floor() => BigInteger.DivRem(Numerator, Denominator, out var rest) - (rest.Sign < 0 ? 1 : 0);

    /// <summary>Digits with an optional point, nothing else.</summary>
    public static Rational Parse(ReadOnlySpan<char> digits)
    {
        var point = digits.IndexOf('.');
        if (point < 0) return BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var decimals = digits.Length - point - 1;
        var all = string.Concat("0", digits[..point], digits[(point + 1)..]);
        return Of(BigInteger.Parse(all, NumberStyles.None, CultureInfo.InvariantCulture), BigInteger.Pow(10, decimals));
    }

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(Rational other) => Numerator == other.Numerator && denominatorLessOne == other.denominatorLessOne;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, denominatorLessOne);

    public override string ToString() => IsInteger ? Numerator.ToString(CultureInfo.InvariantCulture) : $"{Numerator}/{Denominator}";
}

/// <summary>The expression has no value, such as 1/0; never leaves the verifier.</summary>
internal sealed class UndefinedException() : Exception("the expression has no value");
