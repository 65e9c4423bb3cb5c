using FsCheck;
using FsCheck.Fluent;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Tests.Mathematics;

public sealed class MathPropertyTests
{
    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.Choose(0, 40).Select(value => value.ToString()), Gen.Elements("x", "y", "\\pi", "a_1"),
            Gen.Choose(1, 9).Select(value => $"\\sqrt{{{value}}}"),
        Gen.Choose(1, 99).SelectMany(above => Gen.Choose(2, 30), (above, below) => $"\\frac{{{above}}}{{{below}}}"));

    private static readonly Arbitrary<string> Expressions = Arb.From(Expression(3));

    [Fact]
    public void Judge_Expression_EqualsItselfInOtherSpelling() =>
        Check(Prop.ForAll(Expressions, e => Same(e, $"0 + ({e}) \\cdot 1") && Same(e, $"\\left({e}\\right)") && Same(e, $"-(-({e}))")));

    [Fact]
    public void Judge_Expression_IsNotItselfPlusOne() =>
        Check(Prop.ForAll(Expressions, e => !Same(e, $"({e}) + 1") && !Same($"({e}) - \\frac{{1}}{{1000}}", e)));

    [Fact]
    public void Judge_TwoExpressions_IsSymmetric() => Check(Prop.ForAll(Expressions, Expressions, (a, b) => Same(a, b) == Same(b, a)));

    [Fact]
    public void Judge_Algebra_HoldsItsLaws() => Check(Prop.ForAll(Expressions, Expressions, (a, b) =>
        Same($"({a})+({b})", $"({b})+({a})") && Same($"({a})({b})", $"({b})({a})")
            && Same($"(({a})+({b}))^2", $"({a})^2+2({a})({b})+({b})^2")
        && Same($"({a})^2-({b})^2", $"(({a})-({b}))(({a})+({b}))")));

    [Fact]
    public void Judge_Sets_IgnoreOrderAndTuplesDoNot() => Check(Prop.ForAll(Expressions, Expressions, (a, b) =>
        Same($"\\{{{a}, {b}\\}}", $"\\{{{b}, {a}\\}}") && Same($"({a}, {b})", $"({b}, {a})") == Same(a, b)));

    private static void Check(Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20251107, 1));

    private static bool Same(string a, string b) => MathAnswer.Judge(a, b, MathOptions.Default).Correct;

    private static Gen<string> Expression(int depth) => depth == 0 ? Leaf : Gen.OneOf(
        Leaf,
        Expression(depth - 1).SelectMany(a => Expression(depth - 1), (a, b) => $"{a} + {b}"),
        Expression(depth - 1).SelectMany(a => Expression(depth - 1), (a, b) => $"({a}) - ({b})"),
        Expression(depth - 1).SelectMany(a => Expression(depth - 1), (a, b) => $"({a}) \\cdot ({b})"),
        Expression(depth - 1).Select(a => $"\\frac{{{a}}}{{x^2 + 3}}"),
        Expression(depth - 1).Select(a => $"({a})^2"));
}
