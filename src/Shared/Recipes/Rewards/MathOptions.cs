using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>Where in a completion its final answer may stand.</summary>
public enum AnswerSource
{
    /// <summary>Between the last <c>&lt;answer&gt;</c> tags.</summary>
    AnswerTag,
    /// <summary>In the last <c>\boxed{…}</c>, or the last few when they are joined by commas or "and".</summary>
    Boxed,
    /// <summary>The whole text, when it is nothing but an answer.</summary>
    Whole,
    /// <summary>After "the answer is" or the like in one of several languages, or after GSM8K's <c>####</c>.</summary>
    Phrase,
    /// <summary>The last formula between <c>$…$</c>, <c>\(…\)</c> or <c>\[…\]</c>, when no number follows it.</summary>
    Formula,
    /// <summary>The last number.</summary>
    LastNumber,
    /// <summary>A short text without any formula or number.</summary>
    Text,
}

/// <summary>What kind of answer the question has.</summary>
public enum AnswerKind
{
    /// <summary>A mathematical object or a few words.</summary>
    Formula,
    /// <summary>The letter of a choice.</summary>
    Choice,
}

/// <summary>What a percent sign means.</summary>
public enum PercentPolicy
{
    /// <summary>10% is the same as 10 and as 0.1.</summary>
    Either,
    /// <summary>10% is 0.1 only.</summary>
    Hundredth,
    /// <summary>As <see cref="Either"/>, and numbers without a percent sign may also be off by the factor 100.</summary>
    AnyScale,
}

/// <summary>Whether a set may stand for the relation that describes it: <c>[1, 2]</c> for <c>1 ≤ x ≤ 2</c>.</summary>
public enum SetRelationPolicy
{
    /// <summary>
    /// Whenever the right answer is a relation, and when it is a set that can be nothing else than one: <c>(1, 2)</c> may be a point.
    /// </summary>
    WhenUnambiguous,
    /// <summary>Always.</summary>
    Always,
    /// <summary>Never.</summary>
    Never,
}

/// <summary>
/// The points on which public checkers of mathematical answers differ. The defaults prefer a missed right answer to an accepted wrong one.
/// </summary>
[Replaced("timeLimitMs", "maxSteps, a bound that does not depend on how busy the machine is")]
public sealed record MathOptions
{
    /// <summary>The largest tolerances.</summary>
    public const double MostRelativeTolerance = 0.5, MostAbsoluteTolerance = 1_000_000;

    /// <summary>The defaults.</summary>
    public static MathOptions Default { get; } = new();

    /// <summary>Where answers are looked for, in this order; the first place that has one counts.</summary>
    [NotEmpty]
    public IReadOnlyList<AnswerSource> Sources { get; init; } =
        [AnswerSource.AnswerTag, AnswerSource.Boxed, AnswerSource.Whole, AnswerSource.Phrase, AnswerSource.Formula, AnswerSource.LastNumber,
            AnswerSource.Text];

    /// <summary>
    /// Whether a completion that thinks between tags must mark its answer by <c>&lt;answer&gt;</c> or <c>\boxed</c>. True by default: such
    /// a completion was asked for a format, and guessing its answer would reward leaving it.
    /// </summary>
    public bool MarkedAfterThinking { get; init; } = true;

    /// <summary>What kind of answer the question has.</summary>
    public AnswerKind Kind { get; init; } = AnswerKind.Formula;

    /// <summary>
    /// Decimals that a rounded number must have in common with the exact one (at 0.5 of the last); 6 by default, 0 to 15.
    /// </summary>
    [Bounds(Min = 0, Max = 15)]
    public int DecimalPlaces { get; init; } = 6;

    /// <summary>Relative tolerance of all numbers, in place of <see cref="DecimalPlaces"/>; null, the default, for none.</summary>
    [Bounds(Min = 0, Max = MostRelativeTolerance)]
    public double? RelativeTolerance { get; init; }

    /// <summary>
    /// Absolute tolerance of all numbers, in place of <see cref="DecimalPlaces"/>; with a relative one, either may hold. null, the default,
    /// for none.
    /// </summary>
    [Bounds(Min = 0, Max = MostAbsoluteTolerance)]
    public double? AbsoluteTolerance { get; init; }

    /// <summary>What a percent sign means.</summary>
    public PercentPolicy Percent { get; init; } = PercentPolicy.Either;

    /// <summary>Whether a comma may be a decimal point: <c>0,5</c>.</summary>
    public bool DecimalComma { get; init; }

    /// <summary>Whether items of a list without brackets must keep their order; sets never do, tuples always.</summary>
    public bool ListOrder { get; init; }

    /// <summary>Whether a missing unit is wrong; a unit that differs always is.</summary>
    public bool RequireUnits { get; init; }

    /// <summary>
    /// Whether the base may be left out when the other answer states it: 1011 for 1011_2. True by default: the question asked for the base.
    /// </summary>
    public bool ImpliedBase { get; init; } = true;

    /// <summary>Whether a set may stand for a relation.</summary>
    public SetRelationPolicy SetAgainstRelation { get; init; } = SetRelationPolicy.WhenUnambiguous;

    /// <summary>Steps of work that an answer may cost, counted the same on any machine; one that costs more is unparsable.</summary>
    [Bounds(Min = 1000, Max = 1_000_000)]
    public int MaxSteps { get; init; } = 40_000;
}
