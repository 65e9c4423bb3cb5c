using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Model;

/// <summary>A recipe's stages before any has begun.</summary>
internal static class StageViews
{
    /// <summary>The stage tree before anything is done.</summary>
    public static List<StageView> Plan(Recipe recipe, RunInput input) => [.. recipe.Stages.Select(stage => new StageView
    {
        Name = stage.Key,
        Label = input.Label(stage.Key),
        Kind = stage.Value.Kind(),
        From = stage.Value.From,
        ControlOf = recipe.ControlOf(stage.Key),
        Needs = StageNeeds.Of(recipe, stage.Key),
        Status = StageStatus.Pending,
        Total = stage.Value.PlannedSteps(),
    })];
}
