using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of reward models and of the rewards that they give.</summary>
internal sealed partial class RecipeCrossRules
{
    private void CheckRewardModel(string path, string name, RewardModelStage stage)
    {
        var (pairwise, task) = (stage.Objective == RewardObjective.Pairwise, recipe.Tasks.GetValueOrDefault(stage.Task));
        Require(task is null || (pairwise ? task.HasPairs() : task.HasLabels()), $"{path}.task", stage.Task, pairwise
            ? "a task with preference pairs, for objective pairwise: requests, or a data set of layout preferences"
                : "a task with labelled responses, for objective pointwise: requests, or a data set of layout labels",
            involved: [$"{path}.objective", $"tasks.{stage.Task}"]);
        if (CheckTask($"{path}.task", stage.Task) is { } bounds)
        {
            string[] involved = [$"{path}.task", $"tasks.{stage.Task}"];
            // A generated task draws rows anew; those of a data set are as many as there are.
            var heldOut = task is DatasetTask ? bounds.HeldOut : pairwise ? bounds.HeldOutPairs : bounds.HeldOutResponses;
            Require(task is not DatasetTask || stage.Rows <= bounds.Training, $"{path}.rows", stage.Rows,
                $"at most {bounds.Training}: the training rows of task {stage.Task}", involved: involved);
            Require(stage.HeldOut <= heldOut, $"{path}.heldOut", stage.HeldOut,
                $"at most {heldOut}: the held-out rows of task {stage.Task}", involved: involved);
        }
        Require(stage.MicroBatchSize <= stage.BatchSize, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most batchSize, {stage.BatchSize}; 0 takes the batch whole", involved: $"{path}.batchSize");
        Require(stage.Optimizer.Lora is null, $"{path}.optimizer.lora", "an adapter",
            "null: a reward model's head is new and trained with all of the model");
        CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(name));
        CheckJudged($"{path}.task", stage.Task, ModelOf(name));
    }

    // A reward that a model gives names the stage that trains the model: an earlier one, or for the run's evaluation any.
    private void CheckModelRewards(string path, IReadOnlyDictionary<string, RewardRecipe> rewards,
        IEnumerable<KeyValuePair<string, StageRecipe>> among, bool earlier)
    {
        foreach (var (reward, settings) in rewards)
        {
            if (!ModelRewardCatalog.Objectives.TryGetValue(reward, out var objective)
                || ModelRewardCatalog.StageOf(reward, settings) is not { } named) continue;
            if (!recipe.Stages.ContainsKey(named) && WasDropped("stages", named)) continue;
            var candidates = among.Where(stage => stage.Value is RewardModelStage model && model.Objective == objective)
                .Select(stage => stage.Key).ToList();
            var kind =
                $"{(earlier ? "an earlier" : "a")} stage of kind reward-model, objective {(objective == RewardObjective.Pairwise ? "pairwise" : "pointwise")}";
            Require(candidates.Contains(named), $"{path}.{reward}.options.stage", named,
                candidates.Count > 0
                    ? $"{kind}: {string.Join(", ", candidates)}" : $"{kind}, and there is none{(earlier ? " before this one" : "")}",
                    Spelling.DidYouMean(named, candidates), involved: $"stages.{named}.objective");
        }
    }
}
