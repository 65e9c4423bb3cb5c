using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Model;

/// <summary>When a stage's model is measured, and by which jobs.</summary>
internal static class EvaluationPlan
{
    /// <summary>Whether a stage's model is still to be measured.</summary>
    public static bool IsDue(StageRecipe stage, StageResult result, EvaluationRecipe? evaluation) =>
        stage.YieldsModel() && result.Evaluation is null && evaluation is not null;

    /// <summary>The jobs of a stage's last word, in the order of the recipe's benchmarks.</summary>
    /// <param name="label">The stage's label.</param>
    /// <param name="recipe">The run's recipe.</param>
    /// <param name="step">The model's step.</param>
    public static IReadOnlyList<string> JobsOf(string label, Recipe recipe, int step) =>
        [.. recipe.Evaluation?.All().Select((_, index) => FinalId(label, step, index)) ?? []];

    /// <summary>The job of one benchmark of a stage's last word.</summary>
    /// <param name="label">The stage's label.</param>
    /// <param name="step">The model's step.</param>
    /// <param name="index">The benchmark's place.</param>
    public static string FinalId(string label, int step, int index) => JobId.Create(label, step, "final-" + JobKinds.Evaluate, index);
}
