using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What a stage does, in a few words.</summary>
public static class StageDescriptions
{
    /// <summary>Describes it.</summary>
    /// <param name="stage">The stage, of the recipe as it is carried out.</param>
    /// <param name="recipe">The recipe.</param>
    public static string Of(StageRecipe stage, Recipe recipe) => stage switch
    {
        ImportStage import => $"import of {import.Path}",
        PretrainStage pretrain => $"pretrain, {pretrain.Steps} steps of {pretrain.BatchSize} sequences",
        RlStage rl => $"{rl.Loss.Name}, {rl.Iterations} iterations of {rl.Questions} questions, {rl.GroupSize} samples each",
        SampleStage sample =>
            $"{(sample is CollectStage ? "collect" : "rejection-sample")}, {sample.Questions} questions, {sample.Samples} samples each, "
            + $"of which {sample.Keep} are kept at most",
        SftStage sft =>
            $"sft on {string.Join(" + ", sft.Data)}, {sft.Epochs} epochs in batches "
            + $"of {sft.BatchSize}, {(RecipeCheck.StepsOf(sft, recipe) is { } steps ? $"at most {steps} steps" : "steps known once the "
                + "data is")}",
        RewardModelStage model =>
            $"reward-model, {model.Objective.ToString().ToLowerInvariant()} on {model.Rows} rows of {model.Task}, {model.Steps()} steps "
            + $"of {model.BatchSize}",
        EvaluateStage evaluate => $"evaluate, {string.Join("; ", evaluate.Evaluation.All().Select(benchmark =>
            $"{benchmark.Key}: {benchmark.Value.Problems} problems, {benchmark.Value.Samples} samples each"))}",
        _ => stage?.GetType().Name ?? "",
    };
}
