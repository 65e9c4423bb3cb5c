using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Report;

/// <summary>A model measured by a benchmark.</summary>
/// <param name="Figures">Its figures.</param>
/// <param name="Problems">What it earns on each problem; empty where that was not kept.</param>
internal sealed record MeasuredModel(EvaluationFigures Figures, IReadOnlyList<ProblemFigures> Problems);

/// <summary>Compares two models by a benchmark.</summary>
internal static class StageEffects
{
    /// <summary>The family whose mean is pass@1.</summary>
    public const string Accuracy = "accuracy";

    private const string Format = "format";

    /// <summary>Every figure that both models have: accuracy, the rewards by name, format.</summary>
    public static IEnumerable<StageEffect> Of(string benchmark, MeasuredModel before, MeasuredModel after)
    {
        var pairs = Pairs(before.Problems, after.Problems);
        if (AccuracyOf(before.Figures) is { } earlier && AccuracyOf(after.Figures) is { } later)
            yield return Effect(Accuracy, earlier, later, Intervals(before.Figures.PassAt1Interval, after.Figures.PassAt1Interval));
        foreach (var (family, mean) in after.Figures.Rewards)
        {
            if (before.Figures.Rewards.TryGetValue(family, out var old)) yield return Effect(family, old, mean);
        }
        if (before.Figures.Format is { } oldFormat && after.Figures.Format is { } format) yield return Effect(Format, oldFormat, format);

        StageEffect Effect(string figure, double from, double to, double? unpaired = null) =>
            Paired(pairs, figure) is { } half ? new(benchmark, figure, from, to, EffectTest.Paired, half)
            : unpaired is { } wide ? new(benchmark, figure, from, to, EffectTest.Unpaired, wide)
            : new(benchmark, figure, from, to);
    }

    private static double? AccuracyOf(EvaluationFigures figures) => figures.PassAt1 ?? figures.GreedyAccuracy;

    private static double? Intervals(double? before, double? after) =>
        before is { } first && after is { } second ? Interval95.OfDifference(first, second) : null;

    private static double? Paired(IReadOnlyList<(ProblemFigures Before, ProblemFigures After)> pairs, string figure) =>
        pairs.Count > 1 && pairs.All(pair => pair.Before.Means.ContainsKey(figure) && pair.After.Means.ContainsKey(figure))
            ? Interval95.HalfWidth([.. pairs.Select(pair => pair.After.Means[figure] - pair.Before.Means[figure])])
            : null;

    // Only where both were asked the same, as else the pairs' mean is not the difference of the means.
    private static IReadOnlyList<(ProblemFigures Before, ProblemFigures After)> Pairs(IReadOnlyList<ProblemFigures> before,
        IReadOnlyList<ProblemFigures> after)
    {
        var earlier = before.ToDictionary(problem => problem.Problem, StringComparer.Ordinal);
        return before.Count == after.Count && after.All(problem => earlier.ContainsKey(problem.Problem))
            ? [.. after.Select(problem => (earlier[problem.Problem], problem))] : [];
    }
}
