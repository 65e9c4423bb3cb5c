using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Whether the digits of an expression's value show every part of it. In 1 + e^(-1000) they do not show the second term, in tanh 1000 not
/// how far from 1
/// it is: such expressions are equal to others by algebra or not at all.
/// </summary>
internal sealed class Visibility(WorkBudget budget)
{
    private const double Smallest = 1e-9, Largest = 1e9;
    private const int MostBits = 70;

    // Functions that may be 0 at arguments of ordinary size.
    private static readonly HashSet<string> CanVanish = new(StringComparer.Ordinal)
    {
        "sin", "cos", "tan", "cot", "sinh", "tanh", "arcsin", "arccos", "arctan", "arccot", "arsinh", "arcosh", "artanh", "log", "ln", "lg",
            "logbase", "cis", "abs", "floor", "ceil", "Re", "Im", "arg", "conj", "sum", "det",
    };

    /// <summary>Whether every part shows.</summary>
    public bool IsComplete(Node node)
    {
        var evaluator = new Evaluator(name => ExpressionComparer.SampleValue(name, 0), budget);
        return (Size(evaluator.Value(node)) >= 1e-25 || MayBeZero(node)) && Shows(node, evaluator);
    }

    private bool Shows(Node node, Evaluator evaluator)
    {
        budget.Enter();
        var shows = node switch
        {
            Number { Value: { IsInteger: false, Bits: > MostBits } } => false, // more digits than are kept
            Sum sum => TermsShow(sum, evaluator),
            Power power => IsOrdinary(power.Exponent, evaluator) && !IsNearOne(evaluator.Value(power.Base)),
            Call call => call.Arguments.All(argument => argument is Words or Sequence or Relation or Matrix
                || IsOrdinary(argument, evaluator) || IsLogarithmOfLarge(call, argument, evaluator)) && IsResponsive(call, evaluator),
            _ => true,
        };
        shows = shows && Tree.Parts(node).All(part => Shows(part, evaluator));
        budget.Leave();
        return shows;
    }

    private static bool TermsShow(Sum sum, Evaluator evaluator)
    {
        var sizes = sum.Terms.Select(term => Size(evaluator.Value(term))).ToList();
        var largest = sizes.Max();
        return sum.Terms.Zip(sizes).All(term => term.Second >= Smallest * largest || term.Second < 1e-25 && MayBeZero(term.First));
    }

    // Whether the function's value there depends on its argument in the digits that are kept.
    private static bool IsResponsive(Call call, Evaluator evaluator) => call.Function switch
    {
        "tanh" or "coth" => Size(evaluator.Value(call.Arguments[0])) < 20,
        "log" or "ln" or "lg" or "logbase" or "arccos" => !IsNearOne(evaluator.Value(call.Arguments[0])),
        _ => true,
    };

    // ln 2^10000 is known by its parts, though its argument has no value.
    private static bool IsLogarithmOfLarge(Call call, Node argument, Evaluator evaluator) =>
        call.Function is "log" or "ln" or "lg" or "logbase" && argument is Power or Product && !evaluator.Value(argument).IsFinite;

    private static double Size(ComplexQuad value) => value.Abs().High;

    private static bool IsOrdinary(Node node, Evaluator evaluator)
    {
        var value = evaluator.Value(node);
        return value.IsFinite && (Size(value) is >= Smallest and <= Largest || Size(value) < 1e-25 && MayBeZero(node));
    }

    private static bool IsNearOne(ComplexQuad value) => Size(value - 1) is > 0 and < Smallest;

    private static bool MayBeZero(Node node) => node switch
    {
        Number number => number.Value.IsZero,
        Sum => true,
        Product product => product.Factors.Any(MayBeZero),
        Power power => MayBeZero(power.Base),
        Call call => CanVanish.Contains(call.Function),
        Measured measured => MayBeZero(measured.Value),
        _ => false,
    };
}
