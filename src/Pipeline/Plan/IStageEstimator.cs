using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Plan;

/// <summary>Estimates the work of stages of a kind.</summary>
internal interface IStageEstimator
{
    /// <summary>The kind's record in recipes.</summary>
    Type Recipe { get; }

    /// <summary>A stage's work; null where it cannot be known before the run.</summary>
    StageWork? Estimate(EstimateContext context, StageRecipe stage);
}
