using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Report;

/// <summary>What a control came to beside its stage, by the run's main benchmark.</summary>
/// <param name="Stage">The stage's label.</param>
/// <param name="Control">The control's word.</param>
/// <param name="Label">The control's label.</param>
/// <param name="Verdict">What that says.</param>
/// <param name="Gained">What the stage gained, a share.</param>
/// <param name="ControlGained">What the control gained.</param>
/// <param name="Half">Half of the 95 % interval of the difference between the two.</param>
public sealed record ControlReport(string Stage, string Control, string Label, string Verdict, double? Gained = null,
    double? ControlGained = null, double? Half = null)
{
    /// <summary>The controls of a run's stages.</summary>
    internal static IReadOnlyList<ControlReport> Of(Recipe recipe, IReadOnlyList<StageReport> stages) =>
        [.. stages.Where(stage => recipe.ControlOf(stage.Name) is not null).Select(stage => Of(
            stages.First(real => real.Name == recipe.ControlOf(stage.Name)), stage,
            RlStage.WordOf(((RlStage)recipe.Stages[stage.Name]).Control!.Value)))];

    private static ControlReport Of(StageReport real, StageReport control, string word)
    {
        if (real.After is not { } taught || control.After is not { } untaught || Score(taught) is not { } score
            || Score(untaught) is not { } other)
            return new(real.Label, word, control.Label, "not measured");
        var before = control.Before is { } start ? Score(start) : null;
        var half = Interval95.OfDifference(Interval(taught, score), Interval(untaught, other));
        var beyond = score - other;
        var words = beyond > half ? $"the stage is {Points(beyond)} beyond it" : beyond < -half
            ? $"the stage is {Points(-beyond)} behind it" : "the stage is not beyond it";
        var own = before is { } from && other - from > half ? $"; it gains {Points(other - from)} by itself" : "";
        return new(real.Label, word, control.Label, words + own, score - before, other - before, half);
    }

    private static string Points(double share) => FigureText.Number(share * 100, "0.0") + " points";

    private static double? Score(EvaluationFigures figures) => figures.PassAt1 ?? figures.GreedyAccuracy;

    private static double Interval(EvaluationFigures figures, double score) =>
        figures is { PassAt1: not null, PassAt1Interval: { } half } ? half
            : Interval95.Normal95 * Interval95.ErrorOfShare(score, figures.Problems);
}
