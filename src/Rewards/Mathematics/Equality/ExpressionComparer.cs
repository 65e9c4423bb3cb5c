using R1Cloud.Rewards.Mathematics.Algebra;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// Whether two expressions are worth the same: exact fractions first, then values at sample points to tell different ones apart, then
/// normal forms to prove equality. Values to 22 digits decide only where algebra does not reach, and only when no term is too small for
/// those digits to show it.
/// </summary>
internal sealed class ExpressionComparer(MathOptions options, WorkBudget budget)
{
    private const double Agreement = 1e-22;
    private const double MostShown = 1e9;
    private const int SamplePoints = 6;
    private readonly Visibility visibility = new(budget);

    private bool HasTolerance => options.RelativeTolerance is not null || options.AbsoluteTolerance is not null;

    /// <summary>Whether both are equal.</summary>
    public bool Same(Node a, Node b)
    {
        var depth = budget.Depth;
        try
        {
            (a, b) = (GeometricSeries.Summed(a, budget), GeometricSeries.Summed(b, budget));
            if (IsUndefined(a) || IsUndefined(b)) return false;
            if (HasInfinity(a) || HasInfinity(b)) return SameInfinity(a, b);
            if (Exact.TryValue(a, budget) is { } left && Exact.TryValue(b, budget) is { } right)
            {
                return left == right || (HasTolerance || IsRounded(a) || IsRounded(b)) && Close(Quad.Of(left), Quad.Of(right));
            }
            return SameValue(a, b) || SameWrittenOut(a, b);
        }
        catch (UndefinedException)
        {
            budget.Depth = depth;
            return false;
        }
    }

    // Whether sums and products agree where they are written out.
    private bool SameWrittenOut(Node a, Node b)
    {
        if (!WholeBounds.HasSeries(a) && !WholeBounds.HasSeries(b)) return false;
        var letters = WholeBounds.Letters(a, b);
        return WholeBounds.WrittenOut(a, b, letters, budget).All(sides => (sides.A != a || sides.B != b)
            && !WholeBounds.HasSeries(sides.A) && !WholeBounds.HasSeries(sides.B) && Same(sides.A, sides.B));
    }

    /// <summary>
    /// Whether one is a constant multiple of the other, not zero: both describe the same zeros. The sign of the factor, or null.
    /// </summary>
    public int? Proportion(Node a, Node b)
    {
        var depth = budget.Depth;
        try
        {
            var forms = new NormalForm(budget);
            if (forms.TryForm(a) is { } left && forms.TryForm(b) is { } right && !forms.Generators.HasOpaque
                && left.Below.AsConstant is not null && right.Below.AsConstant is not null) return left.Above.RatioTo(right.Above)?.Sign;
            return SampledProportion(a, b);
        }
        catch (UndefinedException)
        {
            budget.Depth = depth;
            return null;
        }
    }

    /// <summary>
    /// Whether two quotients are zero at the same places, though one has a letter below: y − 6/x and xy − 6. Where that letter is 0,
    /// neither of them is.
    /// </summary>
    public bool HaveSameZeros(Node a, Node b)
    {
        var depth = budget.Depth;
        try
        {
            var forms = new NormalForm(budget);
            return forms.TryForm(a) is { } left && forms.TryForm(b) is { } right && !forms.Generators.HasOpaque
                && left.Below.Terms.Count == 1 && right.Below.Terms.Count == 1 && left.Above.CommonMonomial().Length == 0
                && right.Above.CommonMonomial().Length == 0 && left.Above.RatioTo(right.Above) is not null;
        }
        catch (UndefinedException)
        {
            budget.Depth = depth;
            return false;
        }
    }

    /// <summary>Whether two expressions differ by a number without symbols, so that a constant of integration makes them equal.</summary>
    public bool DifferByConstant(Node a, Node b)
    {
        var depth = budget.Depth;
        try
        {
            var difference = Tree.Minus(a, b);
            ComplexQuad? first = null;
            var agreed = 0;
            for (var point = 0; point < SamplePoints; point++)
            {
                var value = new Evaluator(name => SampleValue(name, point), budget).Value(difference);
                if (!value.IsFinite) continue;
                if (first is { } known && (known - value).Abs().High > 1e-18 * (1 + known.Abs().High)) return false;
                first ??= value;
                agreed++;
            }
            return agreed >= 3;
        }
        catch (UndefinedException)
        {
            budget.Depth = depth;
            return false;
        }
    }

    /// <summary>The value of a constant real expression, or null.</summary>
    public Quad? RealValue(Node node)
    {
        var hasSymbols = false;
        var value = new Evaluator(_ =>
        {
            hasSymbols = true;
            return ComplexQuad.NaN;
        }, budget).Value(node);
        return hasSymbols || double.IsNaN(value.Real.High) || !value.IsReal && value.IsFinite ? null : value.Real;
    }

    /// <summary>Whether numbers agree to the decimals or tolerances that the options ask for.</summary>
    public bool Close(Quad a, Quad b)
    {
        var distance = (a - b).Abs().High;
        var size = Math.Max(Math.Abs(a.High), Math.Abs(b.High));
        if (!double.IsFinite(distance)) return false;
        if (HasTolerance) return distance <= Math.Max((options.RelativeTolerance ?? 0) * size, options.AbsoluteTolerance ?? 0) * (1 + 1e-9);
        // Few decimals of a small number say too little: 0.0000003 is not 0.0000001.
        return distance <= 0.5 * Math.Pow(10, -options.DecimalPlaces) && distance <= Math.Pow(10, 1 - options.DecimalPlaces) * size;
    }

    /// <summary>Whether a part of it divides by a constant that is 0, so that it has no value, though it may cancel.</summary>
    public bool IsUndefined(Node node) => node switch
    {
        Number or Symbol or Words => false,
        Power { Base: not Number and var below, Exponent: Number { Value.Sign: < 0 } } when Tree.IsConstant(below)
            && RealValue(below) is { } value && value.Abs().High < 1e-26 => true,
        _ => Tree.Parts(node).Any(IsUndefined),
    };

    /// <summary>Whether a number in it was written with a decimal point.</summary>
    public bool IsRounded(Node node) => Tree.Walk(node).Any(part => part is Number { IsDecimal: true }) && !Tree.Walk(node).Any(HasHidden);

    // Whether a decimal is there to hide in what numbers may be rounded by: π + 0.0000001, 7 · 1.0000001, √3.0000001.
    private bool HasHidden(Node node) => node switch
    {
        Sum { Terms: var terms } =>
            terms.Any(term => term is Number { IsDecimal: true, Value: { IsZero: false } value } && IsSmall(value.Abs())),
        Product { Factors: var factors } => factors.Any(IsNearWhole),
        Power power => IsNearWhole(power.Base) || IsNearWhole(power.Exponent),
        Call call => call.Arguments.Any(IsNearWhole),
        _ => false,
    };

    private bool IsNearWhole(Node node) => node is Number { IsDecimal: true, Value: { IsInteger: false } value }
        && Math.Abs(Quad.Of(value).High - Math.Round(Quad.Of(value).High)) is var distance
            && distance < Math.Pow(10, -options.DecimalPlaces) && Math.Abs(Quad.Of(value).High) > 0.5;

    private bool IsSmall(Rational value) => Quad.Of(value).High < Math.Pow(10, -options.DecimalPlaces);

    // Whether ∞ is an operand: algebra does not hold for it. Bounds of sums and limits are none.
    private static bool HasInfinity(Node node) => node is Symbol { Name: "∞" }
        || node is not Call { Function: "sum" or "prod" or "int" or "lim" } && Tree.Parts(node).Any(HasInfinity);

    private bool SameInfinity(Node a, Node b)
    {
        var evaluator = new Evaluator(name => SampleValue(name, 0), budget);
        ComplexQuad left = evaluator.Value(a), right = evaluator.Value(b);
        return left.IsInfinite && right.IsInfinite && left.Real.High.Equals(right.Real.High)
            && left.Imaginary.High.Equals(right.Imaginary.High);
    }

    private bool SameValue(Node a, Node b)
    {
        var tolerant = HasTolerance || IsRounded(a) || IsRounded(b);
        var agreed = 0;
        for (var point = 0; point < SamplePoints; point++)
        {
            var used = false;
            ComplexQuad Sample(string name)
            {
                used = true;
                return SampleValue(name, point);
            }

            var evaluator = new Evaluator(Sample, budget);
            ComplexQuad left = evaluator.Value(a), right = evaluator.Value(b);
            if (!left.IsFinite || !right.IsFinite)
            {
                if (used) continue;
                if (left.IsInfinite || right.IsInfinite) return left.IsInfinite && right.IsInfinite
                    && left.Real.High.Equals(right.Real.High);
                return HaveSameForm(a, b); // beyond the range of values: what algebra does not prove is unknown
            }
            var (distance, size) = ((left - right).Abs().High, Math.Max(left.Abs().High, right.Abs().High));
            var isClose = tolerant && size < 1e22 && Close(left.Real, right.Real)
                && (left.Imaginary.IsZero && right.Imaginary.IsZero || left.IsReal && right.IsReal
                || Close(left.Imaginary, right.Imaginary));
            var same = distance <= Agreement * size || size < 1e-28 || isClose;
            // Beyond the positive numbers the principal values of equal expressions may differ.
            if (!same && (point < 3 || left.IsReal && right.IsReal)) return false;
            if (same) agreed++;
            if (!used) return isClose && (distance > Agreement * size || IsDecimal(a) || IsDecimal(b)) || Proven(a, b);
        }
        return agreed >= 2 ? tolerant || Proven(a, b) : agreed == 0 && HaveSameForm(a, b);
    }

    private static bool IsDecimal(Node node) => node is Number { IsDecimal: true };

    private bool HaveSameForm(Node a, Node b)
    {
        var forms = new NormalForm(budget);
        return forms.TryForm(a) is { } left && forms.TryForm(b) is { } right && forms.TryDifference(left, right) is { IsZero: true };
    }

    // The values agree: algebra has the last word where it can decide, elsewhere the digits where they can tell.
    private bool Proven(Node a, Node b)
    {
        var forms = new NormalForm(budget);
        if (forms.TryForm(a) is { } left && forms.TryForm(b) is { } right && forms.TryDifference(left, right) is { } difference)
        {
            if (difference.IsZero) return true;
            if (!forms.Generators.HasOpaque || forms.Generators.IsOfOneTranscendental(difference)) return false;
            if (difference.Terms.Count == 1 && forms.Generators.IsNeverZero(difference.Terms.Keys.First())) return false;
        }
        // e^(π√163) is a whole number in its first 30 digits: of a large one they show too little behind the point.
        var exact = Exact.TryValue(a, budget) ?? Exact.TryValue(b, budget);
        if (exact is { } value && Math.Abs(Quad.Of(value).High) > MostShown) return false;
        return visibility.IsComplete(a) && visibility.IsComplete(b);
    }

    private int? SampledProportion(Node a, Node b)
    {
        int? sign = null;
        ComplexQuad? ratio = null;
        var agreed = 0;
        for (var point = 0; point < SamplePoints; point++)
        {
            var evaluator = new Evaluator(name => SampleValue(name, point), budget);
            ComplexQuad left = evaluator.Value(a), right = evaluator.Value(b);
            if (!left.IsFinite || !right.IsFinite || right.Abs().High < 1e-12 || left.Abs().High < 1e-12) continue;
            var here = left / right;
            if (ratio is { } known && (known - here).Abs().High > 1e-20 * known.Abs().High) return null;
            ratio = here;
            sign = Math.Sign(here.Real.High);
            agreed++;
        }
        return agreed >= 3 && visibility.IsComplete(a) && visibility.IsComplete(b) ? sign : null;
    }

    /// <summary>A value of a symbol at a sample point: the first three points are positive, the others are not.</summary>
    public static ComplexQuad SampleValue(string name, int point)
    {
        var hash = 14695981039346656037UL + ((ulong)point * 0x9E3779B97F4A7C15);
        foreach (var c in name) hash = (hash ^ c) * 1099511628211;
        hash = (hash ^ (hash >> 31)) * 0xBF58476D1CE4E5B9;
        var unit = (hash >> 11) * (1.0 / (1UL << 53));
        return point switch { < 3 => 0.3 + (unit * (2 + point)), 3 => -0.2 - (unit * 2), 4 => (unit * 4) - 2, _ => (unit * 12) - 6 };
    }
}
