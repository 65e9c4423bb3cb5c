using System.Numerics;
using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Tests.Mathematics;

public sealed class AlgebraTests
{
    [Theory]
    [InlineData("0.3", 3, 10)]
    [InlineData("-7", -7, 1)]
    [InlineData("12.50", 25, 2)]
    public void Rational_Parse_IsExact(string text, int above, int below)
    {
        var value = text[0] == '-' ? -Rational.Parse(text.AsSpan(1)) : Rational.Parse(text);
        value.ShouldBe(Rational.Of(above, below));
    }

    [Fact]
    public void Rational_TooLarge_StopsWork() => Should.Throw<WorkLimitException>(() => ((Rational)10).Power(100_000));

    // Values to 32 digits from tables of constants.
    [Theory]
    [InlineData("sqrt2", "1.4142135623730950488016887242097")]
    [InlineData("exp1", "2.7182818284590452353602874713527")]
    [InlineData("ln2", "0.69314718055994530941723212145818")]
    [InlineData("sin1", "0.84147098480789650665250232163030")]
    [InlineData("cos1", "0.54030230586813971740093660744298")]
    [InlineData("pi", "3.1415926535897932384626433832795")]
    [InlineData("atan2", "1.1071487177940905030170654601785")]
    public void Quad_Functions_HaveThirtyDigits(string function, string digits)
    {
        var value = function switch
        {
            "sqrt2" => ((Quad)2).Sqrt(),
            "exp1" => ((Quad)1).Exp(),
            "ln2" => ((Quad)2).Log(),
            "sin1" => ((Quad)1).SinCos().Sin,
            "cos1" => ((Quad)1).SinCos().Cos,
            "pi" => Quad.Atan2(0, -1),
            _ => Quad.Atan2(2, 1),
        };
        (value - Quad.Of(Rational.Parse(digits))).Abs().High.ShouldBeLessThan(5e-30);
    }

    [Theory]
    [InlineData("1000000000000", 2, "1000000")]
    [InlineData("1000000000001", 2, null)]
    [InlineData("27", 3, "3")]
    public void Exact_WholeRoot_IsExactOrNone(string value, int degree, string? root) =>
        Exact.WholeRoot(BigInteger.Parse(value), degree).ShouldBe(root is null ? null : BigInteger.Parse(root));
}
