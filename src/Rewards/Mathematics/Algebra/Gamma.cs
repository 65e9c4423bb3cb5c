using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Algebra;

/// <summary>
/// The Gamma function, which continues factorials to numbers that are not whole, so that identities of factorials hold at sample points.
/// </summary>
internal static class Gamma
{
    private const int Far = 40;
    private const int MaxSize = 140;

    // B₂ₖ / (2k (2k − 1)) of Stirling's series; from 40 on the terms left out are below 1e-33.
    private static readonly Quad[] Stirling = Series();
    private static readonly Quad HalfLogTwoPi = (Quad.Pi * 2).Log() * 0.5;

    /// <summary>x!, which is Γ(x + 1); not a number at its poles and for large x.</summary>
    public static Quad Factorial(Quad x)
    {
        x += 1;
        if (!(Math.Abs(x.High) < MaxSize)) return Quad.NaN;
        // Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1))
        Quad product = 1;
        for (; x.High < Far; x += 1)
        {
            if (Math.Abs(x.High) < 1e-20) return Quad.NaN;
            product *= x;
        }
        Quad inverse = (Quad)1 / x, square = inverse * inverse, sum = 0;
        for (var k = Stirling.Length - 1; k >= 0; k--) sum = (sum * square) + Stirling[k];
        var log = ((x - 0.5) * x.Log()) - x + HalfLogTwoPi + (sum * inverse);
        return log.Exp() / product;
    }

    private static Quad[] Series()
    {
        // Bernoulli numbers by their recurrence, exactly.
        var bernoulli = new Rational[31];
        for (var m = 0; m < bernoulli.Length; m++)
        {
            Rational sum = m == 0 ? 1 : 0, binomial = 1;
            for (var k = 0; k < m; k++)
            {
                sum -= binomial * bernoulli[k] / (m - k + 1);
                binomial = binomial * (m - k) / (k + 1);
            }
            bernoulli[m] = sum;
        }
        return [.. Enumerable.Range(1, 15).Select(k => Quad.Of(bernoulli[2 * k] / (2 * k * ((2 * k) - 1))))];
    }
}
