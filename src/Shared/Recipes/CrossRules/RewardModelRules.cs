using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of reward models.</summary>
internal static class RewardModelRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, RewardModelStage stage)
    {
        var (pairwise, task) = (stage.Objective == RewardObjective.Pairwise, rules.Recipe.Tasks.GetValueOrDefault(stage.Task));
        rules.Require(task is null || (pairwise ? task.HasPairs() : task.HasLabels()), $"{path}.task", stage.Task, pairwise
            ? "a task with preference pairs, for objective pairwise: requests, or a data set of layout preferences"
                : "a task with labelled responses, for objective pointwise: requests, or a data set of layout labels",
            involved: [$"{path}.objective", $"tasks.{stage.Task}"]);
        if (rules.CheckTask($"{path}.task", stage.Task) is { } bounds)
        {
            string[] involved = [$"{path}.task", $"tasks.{stage.Task}"];
            // A generated task draws new rows; those of a data set are as many as there are.
            var heldOut = task is DatasetTask ? bounds.HeldOut : pairwise ? bounds.HeldOutPairs : bounds.HeldOutResponses;
            rules.Require(task is not DatasetTask || stage.Rows <= bounds.Training, $"{path}.rows", stage.Rows,
                $"at most {bounds.Training}: the training rows of task {stage.Task}", involved: involved);
            rules.Require(stage.HeldOut <= heldOut, $"{path}.heldOut", stage.HeldOut,
                $"at most {heldOut}: the held-out rows of task {stage.Task}", involved: involved);
        }
        rules.Require(stage.MicroBatchSize <= stage.BatchSize, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most batchSize, {stage.BatchSize}; 0 takes the batch whole", involved: $"{path}.batchSize");
        rules.Require(stage.Optimizer.Lora is null, $"{path}.optimizer.lora", "an adapter",
            "null: a reward model's head is new and trained with all of the model");
        rules.CheckPrompt($"{path}.prompt", stage.Prompt, rules.ModelOf(name));
        rules.CheckJudged($"{path}.task", stage.Task, rules.ModelOf(name));
    }
}
