namespace R1Cloud.Pipeline.Report;

/// <summary>
/// What a stage did to a figure: the model that it made against the one that it started from, on the same held-out problems.
/// </summary>
/// <param name="Benchmark">The benchmark.</param>
/// <param name="Figure">The family of the rewards, e.g. <c>accuracy</c> (pass@1, or greedy accuracy where nothing is sampled) or
/// <c>language</c>.</param>
/// <param name="Before">The mean before.</param>
/// <param name="After">The mean after.</param>
/// <param name="Test">How the difference was tested.</param>
/// <param name="HalfInterval">Half the width of the difference's 95 % confidence interval; null where it was not tested.</param>
public sealed record StageEffect(string Benchmark, string Figure, double Before, double After, EffectTest Test = EffectTest.None,
    double? HalfInterval = null)
{
    /// <summary>The difference.</summary>
    public double Change => After - Before;

    /// <summary>What the test says.</summary>
    public EffectVerdict Verdict =>
        HalfInterval is not { } half ? EffectVerdict.NotTested
        : Math.Abs(Change) <= half ? EffectVerdict.NotMeasurable
        : Change > 0 ? EffectVerdict.Better : EffectVerdict.Worse;
}

/// <summary>How a difference of two models was tested.</summary>
public enum EffectTest
{
    /// <summary>It was not.</summary>
    None,
    /// <summary>By the interval of the mean of the differences problem by problem.</summary>
    Paired,
    /// <summary>By the intervals of the two means as if of different problems, which is wider.</summary>
    Unpaired,
}

/// <summary>Whether a stage helped, by a figure of which more is better.</summary>
public enum EffectVerdict
{
    /// <summary>There is no interval to test it by.</summary>
    NotTested,
    /// <summary>The difference lies within its interval.</summary>
    NotMeasurable,
    /// <summary>Higher, outside of the interval.</summary>
    Better,
    /// <summary>Lower, outside of the interval.</summary>
    Worse,
}
