using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of stages that train on given text: pretraining, fine-tuning and distillation.</summary>
internal sealed partial class RecipeCrossRules
{
    private void CheckPretrain(string path, PretrainStage stage)
    {
        var (model, at) = (stage.Model, $"{path}.model");
        Require(model.HiddenSize % model.Heads == 0, $"{at}.heads", model.Heads, $"a divisor of hiddenSize, {model.HiddenSize}",
            involved: $"{at}.hiddenSize");
        Require(model.HiddenSize / model.Heads % 2 == 0, $"{at}.heads", model.Heads,
            $"so many that hiddenSize / heads is even ({model.HiddenSize} / {model.Heads} is not): the rotary embedding turns pairs",
                involved: $"{at}.hiddenSize");
        Require(model.Heads % model.KvHeads == 0, $"{at}.kvHeads", model.KvHeads, $"a divisor of heads, {model.Heads}",
            involved: $"{at}.heads");
        CheckWarmup(path, stage.Optimizer, stage.Steps, "steps");
        const string either = "one of task and tasks: the one task of the corpus, or several with their parts";
        if (stage.Task is null && stage.Tasks.Count == 0 && !problems.Concern($"{path}.task") && !problems.Concern($"{path}.tasks"))
            problems.Add(tree.Find(path).Node.At, $"{path}.task", "nothing", "\"task\" is missing, and so is \"tasks\"", either);
        Require(stage.Task is null || stage.Tasks.Count == 0, $"{path}.tasks", "{…}", either, involved: $"{path}.task");
        if (stage.Task is not null && stage.Tasks.Count > 0) return;
        foreach (var task in stage.Corpora().Select(corpus => corpus.Key))
        {
            var named = stage.Task is null ? $"{path}.tasks.{task}" : $"{path}.task";
            Require(recipe.Tasks.GetValueOrDefault(task) is not DatasetTask, named, task,
                "a task with worked examples, such as arithmetic: a data set has none");
            if (CheckTask(named, task) is not { } bounds) continue;
            Require(bounds.ExampleTokens <= model.MaxPositions, $"{at}.maxPositions", model.MaxPositions,
                $"at least {bounds.ExampleTokens}: the longest worked example of task {task}", involved: [named, $"tasks.{task}"]);
        }
    }

    private void CheckSupervised(string path, string name, SupervisedStage stage)
    {
        var candidates = Before(name).Where(earlier => earlier.Value is SampleStage).Select(earlier => earlier.Key)
            .Concat(recipe.Tasks.Where(task => task.Value is DatasetTask { Layout: DatasetLayout.Completions }).Select(task => task.Key))
                .ToList();
        const string kinds = "earlier stages that make data (collect, rejection-sample) and data sets of the layout completions";
        var allowed = candidates.Count > 0
            ? $"{kinds}, each once: {string.Join(", ", candidates)}" : $"{kinds}, and there is none before this one";
        for (var i = 0; i < stage.Data.Count; i++)
        {
            var data = stage.Data[i];
            if (!recipe.Stages.ContainsKey(data) && (WasDropped("stages", data) || problems.Concern($"tasks.{data}"))) continue;
            Require(candidates.Count(candidate => candidate == data) < 2, $"{path}.data[{i}]", data,
                "a name that only one of them has: a stage and a task are called so");
            Require(candidates.Contains(data) && !stage.Data.Take(i).Contains(data), $"{path}.data[{i}]", data, allowed,
                Spelling.DidYouMean(data, candidates), involved: $"{path}.data");
            Require(recipe.Stages.ContainsKey(data) || BoundsOf(data) is not { Training: 0 }, $"{path}.data[{i}]", data,
                "a data set with training rows: all of its rows are held out or left out", involved: $"tasks.{data}");
        }
        if (stage is SftStage)
        {
            for (var i = 0; i < stage.Data.Count; i++)
                CheckLearned($"{path}.data[{i}]", stage.Data[i], stage.Data[i], ModelOf(name), "data that the model can read",
                    $"{path}.data");
        }
        Require(stage.Proportions.Count == 0 || stage.Data.Order().SequenceEqual(stage.Proportions.Keys.Order()), $"{path}.proportions",
            string.Join(", ", stage.Proportions.Keys),
            $"one for each source of data, or none: {string.Join(", ", stage.Data)}", involved: $"{path}.data");
        Require(stage.MicroBatchSize <= stage.BatchSize, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most batchSize, {stage.BatchSize}; 0 takes the batch whole", involved: $"{path}.batchSize");
    }

    private void CheckStudents(string path, string name, DistillStage stage)
    {
        foreach (var (student, settings) in stage.Students)
        {
            var at = $"{path}.students.{student}";
            CheckFrom($"{at}.from", name, settings.From);
            Require(settings.LearningRate is null || settings.Optimizer is null, $"{at}.learningRate", settings.LearningRate ?? 0,
                "left out beside optimizer, which has one", involved: $"{at}.optimizer");
            int batch = settings.BatchSize ?? stage.BatchSize, micro = settings.MicroBatchSize ?? stage.MicroBatchSize;
            if (settings.MicroBatchSize is not null || settings.BatchSize is not null)
            {
                Require(micro <= batch, settings.MicroBatchSize is null ? $"{at}.batchSize" : $"{at}.microBatchSize",
                    settings.MicroBatchSize ?? batch,
                    $"microBatchSize at most batchSize: here they are {micro} and {batch}",
                        involved: [$"{path}.batchSize", $"{path}.microBatchSize", $"{at}.batchSize"]);
            }
            var model = ModelOf(ModelNames.Student(name, student));
            CheckPrompt($"{path}.prompt", stage.Prompt, model);
            foreach (var data in stage.Data)
                CheckLearned($"{at}.from", settings.From, data, model, "a model that can read the data", $"{path}.data");
        }
    }

    private void CheckWarmup(string path, OptimizerRecipe optimizer, int steps, string field) =>
        Require(optimizer.WarmupSteps <= steps, $"{path}.optimizer.warmupSteps", optimizer.WarmupSteps, $"at most {field}, {steps}",
            involved: $"{path}.{field}");
}
