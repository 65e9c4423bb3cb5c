using System.Globalization;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Report;

/// <summary>Whether a model's figure is in the band that the recipe expects.</summary>
/// <param name="Expected">The band as the recipe says it.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Inside">Whether the figure is in the band.</param>
/// <param name="Verdict">That in words.</param>
/// <param name="Measured">The figure, a share; null where it was not measured.</param>
/// <param name="StandardError">Its standard error over so many questions.</param>
/// <param name="Problems">The questions.</param>
public sealed record BandReport(string Expected, string Stage, bool Inside, string Verdict, double? Measured = null,
    double? StandardError = null, int? Problems = null)
{
    /// <summary>The bands of a recipe, by what its stages' models were measured at.</summary>
    internal static IReadOnlyList<BandReport> Of(Recipe recipe, IReadOnlyList<StageReport> stages)
    {
        var own = recipe.Stages.Values.OfType<EvaluateStage>().SelectMany(stage => stage.Evaluation.Expect ?? []);
        return [.. (recipe.Evaluation?.Expect ?? []).Concat(own).Select(text => Of(text, Expectation.TryParse(text)!, stages))];
    }

    private static BandReport Of(string text, Expectation expected, IReadOnlyList<StageReport> stages)
    {
        var stage = stages.FirstOrDefault(stage => stage.Name == expected.Stage);
        var figures = expected.Benchmark is { } benchmark ? stage?.AfterBy(benchmark) : stage?.After;
        if (figures is null || Value(expected.Metric, figures) is not { } measured)
            return new(text, expected.Stage, false, "not measured");
        var error = expected.Metric == "pass@1" && figures.PassAt1Interval is { } half
            ? half / Interval95.Normal95 : Interval95.ErrorOfShare(measured, figures.Problems);
        var beyond = Math.Abs(measured - expected.Value) - expected.Tolerance;
        // What decimals cannot say exactly is no distance.
        var inside = beyond <= 1e-9;
        var far = error > 0 ? string.Create(CultureInfo.InvariantCulture, $", {beyond / error:0.0} standard errors beyond its edge") : "";
        var wide = inside && expected.Tolerance < error ? ", but the band is narrower than the standard error" : "";
        return new(text, expected.Stage, inside, inside ? $"inside{wide}" : $"outside{far}", measured, error, figures.Problems);
    }

    private static double? Value(string metric, EvaluationFigures figures) => metric switch
    {
        "pass@1" => figures.PassAt1,
        "pass@k" => figures.PassAtK,
        "cons@k" => figures.ConsAtK,
        "greedy" => figures.GreedyAccuracy,
        _ => figures.Format ?? figures.GreedyFormat,
    };
}
