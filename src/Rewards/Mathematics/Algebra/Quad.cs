using System.Numerics;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>
/// A real number of about 31 digits as the unevaluated sum of two doubles (Dekker 1971; Hida, Li and Bailey, "Library for double-double and
/// quad-double arithmetic", 2007).
/// </summary>
internal readonly struct Quad(double high, double low = 0)
{
    private const int FactorialTerms = 28;
    private const double Tiny = 1e-280;
    private static readonly Quad[] InverseFactorials = MakeInverseFactorials();

    public static readonly Quad Pi = new(3.141592653589793116e+00, 1.224646799147353207e-16);
    public static readonly Quad HalfPi = new(1.570796326794896558e+00, 6.123233995736766036e-17);
    public static readonly Quad E = new(2.718281828459045091e+00, 1.445646891729250158e-16);
    public static readonly Quad Ln2 = new(6.931471805599452862e-01, 2.319046813846299558e-17);

    public double High { get; } = high;

    public double Low { get; } = low;

    public static Quad NaN => new(double.NaN, double.NaN);

    public static Quad PositiveInfinity => new(double.PositiveInfinity);

    public static Quad NegativeInfinity => new(double.NegativeInfinity);

    public bool IsFinite => double.IsFinite(High);

    public bool IsZero => High == 0;

    public static implicit operator Quad(double value) => new(value);

    public static Quad operator +(Quad a, Quad b)
    {
        var sum = a.High + b.High;
        if (!double.IsFinite(sum)) return new(sum);
        var part = sum - a.High;
        var error = a.High - (sum - part) + (b.High - part);
        return Normalize(sum, error + a.Low + b.Low);
    }

    public static Quad operator -(Quad a) => new(-a.High, -a.Low);

    public static Quad operator -(Quad a, Quad b) => a + (-b);

    public static Quad operator *(Quad a, Quad b)
    {
        var product = a.High * b.High;
        if (!double.IsFinite(product)) return new(product);
        var error = Math.FusedMultiplyAdd(a.High, b.High, -product);
        return Normalize(product, error + ((a.High * b.Low) + (a.Low * b.High)));
    }

    public static Quad operator /(Quad a, Quad b)
    {
        var first = a.High / b.High;
        if (!double.IsFinite(first) || first == 0) return new(first);
        var rest = a - (b * first);
        var second = rest.High / b.High;
        rest -= b * second;
        return Normalize(first, second) + (rest.High / b.High);
    }

    public static bool operator <(Quad a, Quad b) => a.High < b.High || (a.High == b.High && a.Low < b.Low);

    public static bool operator >(Quad a, Quad b) => b < a;

    /// <summary>The nearest one to a fraction; not a number beyond the range of doubles, where nothing is known of it.</summary>
    public static Quad Of(Rational value)
    {
        var (above, up) = Scaled(value.Numerator);
        var (below, down) = Scaled(value.Denominator);
        var quotient = above / below;
        return up == down ? quotient : quotient.ScaledBy(up - down);
    }

    /// <summary>The product with a power of two; not a number where it leaves the range.</summary>
    public Quad ScaledBy(int power)
    {
        var scaled = Math.ScaleB(High, power);
        return double.IsFinite(scaled) && Math.Abs(scaled) > Tiny ? new(scaled, Math.ScaleB(Low, power)) : High == 0 ? this : NaN;
    }

    /// <summary>Whether it is far enough from the ends of the range to have all its digits.</summary>
    public bool IsInRange => High == 0 || Math.Abs(High) is > Tiny and < 1 / Tiny;

    public Quad Abs() => High < 0 ? -this : this;

    public Quad Floor()
    {
        var floor = Math.Floor(High);
        return floor == High ? Normalize(floor, Math.Floor(Low)) : new(floor);
    }

    public Quad Sqrt()
    {
        if (High <= 0) return High == 0 ? 0 : NaN;
        if (!IsFinite) return this;
        var inverse = 1 / Math.Sqrt(High);
        var root = High * inverse;
        return (Quad)root + ((this - ((Quad)root * root)).High * (inverse * 0.5));
    }

    public Quad Exp()
    {
        if (!(Math.Abs(High) < 700)) return NaN; // beyond the range: nothing is known of it
        // exp(x) = 2^k exp(r)^256 with r = (x - k ln 2) / 256.
        var k = Math.Round(High / Ln2.High);
        var r = (this - (Ln2 * k)) * (1.0 / 256);
        Quad sum = r, power = r;
        for (var n = 2; n < 12; n++)
        {
            power *= r;
            sum += power * InverseFactorials[n];
        }
        for (var i = 0; i < 8; i++) sum = (sum * 2) + (sum * sum);
        sum += 1;
        return new(Math.ScaleB(sum.High, (int)k), Math.ScaleB(sum.Low, (int)k));
    }

    public Quad Log()
    {
        if (!(High > 0) || !IsFinite) return High == 0 ? NegativeInfinity : double.IsPositiveInfinity(High) ? this : NaN;
        var guess = new Quad(Math.Log(High));
        return guess + (this * (-guess).Exp()) - 1;
    }

    /// <summary>Sine and cosine; NaN far from 0, where the reduction would lose the digits.</summary>
    public (Quad Sin, Quad Cos) SinCos()
    {
        if (!(Math.Abs(High) < 1e6)) return (NaN, NaN);
        var quarter = Math.Round(High / HalfPi.High);
        var r = this - (HalfPi * quarter);
        Quad square = -(r * r), sin = r, cos = 1, power = 1;
        for (var n = 2; n + 1 < FactorialTerms; n += 2)
        {
            power *= square;
            cos += power * InverseFactorials[n];
            sin += power * r * InverseFactorials[n + 1];
        }
        return ((long)quarter & 3) switch { 0 => (sin, cos), 1 => (cos, -sin), 2 => (-sin, -cos), _ => (-cos, sin) };
    }

    /// <summary>The angle of (x, y) in (-π, π].</summary>
    public static Quad Atan2(Quad y, Quad x)
    {
        if (!y.IsFinite || !x.IsFinite) return NaN;
        if (y.IsZero) return x.High < 0 ? Pi : 0;
        var radius = ((x * x) + (y * y)).Sqrt();
        if (!radius.IsFinite || radius.IsZero) return NaN;
        var angle = new Quad(Math.Atan2(y.High, x.High));
        var (sin, cos) = angle.SinCos();
        return angle + (((y * cos) - (x * sin)) / radius);
    }

    public override string ToString() => High.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    // The leading bits of a whole number and how many are left out.
    private static (Quad Leading, int Power) Scaled(BigInteger value)
    {
        var power = (int)Math.Max(0, value.GetBitLength() - 160);
        if (power > 0) value >>= power;
        var high = (double)value;
        return (Normalize(high, (double)(value - new BigInteger(high))), power);
    }

    private static Quad Normalize(double high, double low)
    {
        var sum = high + low;
        return double.IsFinite(sum) ? new(sum, low - (sum - high)) : new(sum);
    }

    private static Quad[] MakeInverseFactorials()
    {
        var values = new Quad[FactorialTerms + 1];
        values[0] = 1;
        for (var n = 1; n <= FactorialTerms; n++) values[n] = values[n - 1] / n;
        return values;
    }
}
