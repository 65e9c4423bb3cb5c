using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>Learning rates by step.</summary>
internal static class LearningRates
{
    /// <summary>
    /// The rate of a step: linear warm-up from 0, then the schedule down to its final ratio at <paramref name="total"/>. As customary the
    /// first warm-up step has rate 0; a caller that wants no idle first update counts from 1.
    /// </summary>
    /// <param name="recipe">Peak, warm-up, schedule and final ratio.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="total">Steps in all.</param>
    public static double At(OptimizerRecipe recipe, long step, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < recipe.WarmupSteps) return recipe.LearningRate * step / recipe.WarmupSteps;
        var progress = Math.Min(1, (step - recipe.WarmupSteps) / (double)Math.Max(1, total - recipe.WarmupSteps));
        var share = Shapes[recipe.Schedule](progress);
        return recipe.LearningRate
            * (recipe.Schedule == LearningRateSchedule.Constant ? 1 : recipe.FinalRatio + ((1 - recipe.FinalRatio) * share));
    }

    private static readonly Dictionary<LearningRateSchedule, Func<double, double>> Shapes = new()
    {
        [LearningRateSchedule.Constant] = _ => 1,
        [LearningRateSchedule.Linear] = progress => 1 - progress,
        [LearningRateSchedule.Cosine] = progress => 0.5 * (1 + Math.Cos(Math.PI * progress)),
    };
}
