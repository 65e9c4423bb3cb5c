using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of fine-tuning.</summary>
internal static class SupervisedRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, SftStage stage)
    {
        CheckRows(rules, path, name, stage);
        for (var i = 0; i < stage.Data.Count; i++)
        {
            rules.CheckLearned($"{path}.data[{i}]", stage.Data[i], stage.Data[i], rules.ModelOf(name), "data that the model can read",
                $"{path}.data");
        }
        rules.CheckPrompt($"{path}.prompt", stage.Prompt, rules.ModelOf(name));
    }

    /// <summary>The rules that fine-tuning and distillation have in common: where rows come from, and in which batches.</summary>
    public static void CheckRows(RecipeCrossRules rules, string path, string name, SupervisedStage stage)
    {
        var candidates = rules.Before(name).Where(earlier => earlier.Value is SampleStage).Select(earlier => earlier.Key)
            .Concat(rules.Recipe.Tasks.Where(task => task.Value is DatasetTask { Layout: DatasetLayout.Completions })
                .Select(task => task.Key)).ToList();
        const string kinds = "earlier stages that make data (collect, rejection-sample) and data sets of the layout completions";
        var allowed = candidates.Count > 0
            ? $"{kinds}, each once: {string.Join(", ", candidates)}" : $"{kinds}, and there is none before this one";
        for (var i = 0; i < stage.Data.Count; i++)
        {
            var data = stage.Data[i];
            var isLost = rules.WasDropped("stages", data) || rules.Problems.Concern($"tasks.{data}");
            if (!rules.Recipe.Stages.ContainsKey(data) && isLost) continue;
            rules.Require(candidates.Count(candidate => candidate == data) < 2, $"{path}.data[{i}]", data,
                "a name that only one of them has: a stage and a task are called so");
            rules.Require(candidates.Contains(data) && !stage.Data.Take(i).Contains(data), $"{path}.data[{i}]", data, allowed,
                Spelling.DidYouMean(data, candidates), involved: $"{path}.data");
            rules.Require(rules.Recipe.Stages.ContainsKey(data) || rules.BoundsOf(data) is not { Training: 0 }, $"{path}.data[{i}]", data,
                "a data set with training rows: all of its rows are held out or left out", involved: $"tasks.{data}");
        }
        rules.Require(stage.Proportions.Count == 0 || stage.Data.ToHashSet().SetEquals(stage.Proportions.Keys), $"{path}.proportions",
            string.Join(", ", stage.Proportions.Keys),
            $"one for each source of data, or none: {string.Join(", ", stage.Data)}", involved: $"{path}.data");
        rules.Require(stage.MicroBatchSize <= stage.BatchSize, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most batchSize, {stage.BatchSize}; 0 takes the batch whole", involved: $"{path}.batchSize");
    }
}
