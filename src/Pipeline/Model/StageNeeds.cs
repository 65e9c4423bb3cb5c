using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Model;

/// <summary>What a stage builds on.</summary>
internal static class StageNeeds
{
    /// <summary>The stages that it needs, each with what it gives.</summary>
    /// <param name="recipe">The recipe as it is carried out.</param>
    /// <param name="name">The stage.</param>
    public static IReadOnlyList<StageNeed> Of(Recipe recipe, string name)
    {
        var stage = recipe.Stages[name];
        return [.. recipe.InputsOf(name).Select(input => new StageNeed(input, RoleOf(recipe, stage, input)))];
    }

    private static NeedRole RoleOf(Recipe recipe, StageRecipe stage, string input)
    {
        if (input == stage.From) return NeedRole.Model;
        if (recipe.Stages[input] is RewardModelStage) return NeedRole.Reward;
        if (stage is RlStage) return NeedRole.Teacher;
        return stage is SupervisedStage { Data: var data } && data.Contains(input) ? NeedRole.Data : NeedRole.Rewriter;
    }
}
