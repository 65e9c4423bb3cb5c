namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>A complex number of about 31 digits; functions take their principal values.</summary>
internal readonly struct ComplexQuad(Quad real, Quad imaginary)
{
    public static readonly ComplexQuad I = new(0, 1);

    public Quad Real { get; } = real;

    public Quad Imaginary { get; } = imaginary;

    public static ComplexQuad NaN => new(Quad.NaN, Quad.NaN);

    public bool IsFinite => Real.IsFinite && Imaginary.IsFinite;

    public bool IsInfinite => double.IsInfinity(Real.High) || double.IsInfinity(Imaginary.High);

    /// <summary>Whether it is finite and far enough from the ends of the range to have all its digits.</summary>
    public bool IsInRange => IsFinite && Real.IsInRange && Imaginary.IsInRange;

    public bool IsZero => Real.IsZero && Imaginary.IsZero;

    /// <summary>Whether the imaginary part is nothing but rounding.</summary>
    public bool IsReal => Math.Abs(Imaginary.High) <= 1e-26 * (1e-3 + Math.Abs(Real.High));

    public static implicit operator ComplexQuad(double value) => new(value, 0);

    public static implicit operator ComplexQuad(Quad value) => new(value, 0);

    public static ComplexQuad operator +(ComplexQuad a, ComplexQuad b) => new(a.Real + b.Real, a.Imaginary + b.Imaginary);

    public static ComplexQuad operator -(ComplexQuad a) => new(-a.Real, -a.Imaginary);

    public static ComplexQuad operator -(ComplexQuad a, ComplexQuad b) => new(a.Real - b.Real, a.Imaginary - b.Imaginary);

    public static ComplexQuad operator *(ComplexQuad a, ComplexQuad b) =>
        a.Imaginary.IsZero && b.Imaginary.IsZero
            ? new(a.Real * b.Real, 0)
            : new((a.Real * b.Real) - (a.Imaginary * b.Imaginary), (a.Real * b.Imaginary) + (a.Imaginary * b.Real));

    public static ComplexQuad operator /(ComplexQuad a, ComplexQuad b)
    {
        if (b.IsZero) return NaN;
        if (b.Imaginary.IsZero) return new(a.Real / b.Real, a.Imaginary / b.Real);
        var size = (b.Real * b.Real) + (b.Imaginary * b.Imaginary);
        return new(((a.Real * b.Real) + (a.Imaginary * b.Imaginary)) / size, ((a.Imaginary * b.Real) - (a.Real * b.Imaginary)) / size);
    }

    public Quad Abs() => Imaginary.IsZero ? Real.Abs() : ((Real * Real) + (Imaginary * Imaginary)).Sqrt();

    public ComplexQuad Exp()
    {
        var size = Real.Exp();
        if (Imaginary.IsZero) return size;
        var (sin, cos) = Imaginary.SinCos();
        return new(size * cos, size * sin);
    }

    public ComplexQuad Log() => new(Abs().Log(), Quad.Atan2(Imaginary, Real));

    public ComplexQuad Sqrt()
    {
        if (Imaginary.IsZero) return Real.High < 0 ? new(0, (-Real).Sqrt()) : new(Real.Sqrt(), 0);
        var size = Abs();
        var (real, imaginary) = (((size + Real) * 0.5).Sqrt(), ((size - Real) * 0.5).Sqrt());
        return new(real, Imaginary.High < 0 ? -imaginary : imaginary);
    }

    public (ComplexQuad Sin, ComplexQuad Cos) SinCos()
    {
        var (sin, cos) = Real.SinCos();
        if (Imaginary.IsZero) return (sin, cos);
        var grown = Imaginary.Exp();
        var shrunk = (Quad)1 / grown;
        Quad cosh = (grown + shrunk) * 0.5, sinh = (grown - shrunk) * 0.5;
        return (new(sin * cosh, cos * sinh), new(cos * cosh, -(sin * sinh)));
    }

    /// <summary>A whole power by repeated squaring.</summary>
    public ComplexQuad Power(int exponent)
    {
        ComplexQuad result = 1, square = this;
        for (var rest = Math.Abs((long)exponent); rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result *= square;
            square *= square;
        }
        return exponent < 0 ? (ComplexQuad)1 / result : result;
    }

    /// <summary>exp(exponent · log(this)).</summary>
    public ComplexQuad Power(ComplexQuad exponent)
    {
        if (IsZero) return exponent.Real.High > 0 ? 0 : exponent.IsZero ? 1 : NaN;
        return (exponent * Log()).Exp();
    }
}
