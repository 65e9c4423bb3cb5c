namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of distillation: its data and each of its students.</summary>
internal static class DistillRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, DistillStage stage)
    {
        rules.Require((stage.Mode == DistillMode.OnPolicy) == stage.OnPolicy is not null, $"{path}.mode",
            stage.Mode == DistillMode.OnPolicy ? "on-policy" : "rows",
            stage.OnPolicy is null ? "rows, or on-policy with its settings in onPolicy" : "on-policy beside onPolicy",
            involved: $"{path}.onPolicy");
        if (stage.OnPolicy is null) SupervisedRules.CheckRows(rules, path, name, stage);
        foreach (var (student, settings) in stage.Students)
        {
            var at = $"{path}.students.{student}";
            rules.CheckFrom($"{at}.from", name, settings.From);
            rules.Require(settings.LearningRate is null || settings.Optimizer is null, $"{at}.learningRate", settings.LearningRate ?? 0,
                "left out beside optimizer, which has one", involved: $"{at}.optimizer");
            if (stage.OnPolicy is not null)
            {
                CheckOnPolicy(rules, path, at, name, stage, KeyValuePair.Create(student, settings));
                continue;
            }
            int batch = settings.BatchSize ?? stage.BatchSize, micro = settings.MicroBatchSize ?? stage.MicroBatchSize;
            if (settings.MicroBatchSize is not null || settings.BatchSize is not null)
            {
                rules.Require(micro <= batch, settings.MicroBatchSize is null ? $"{at}.batchSize" : $"{at}.microBatchSize",
                    settings.MicroBatchSize ?? batch,
                    $"microBatchSize at most batchSize: here they are {micro} and {batch}",
                        involved: [$"{path}.batchSize", $"{path}.microBatchSize", $"{at}.batchSize"]);
            }
            var model = rules.ModelOf(ModelNames.Student(name, student));
            rules.CheckPrompt($"{path}.prompt", stage.Prompt, model);
            foreach (var data in stage.Data)
                rules.CheckLearned($"{at}.from", settings.From, data, model, "a model that can read the data", $"{path}.data");
        }
    }

    private static void CheckOnPolicy(RecipeCrossRules rules, string path, string at, string name, DistillStage stage,
        KeyValuePair<string, StudentRecipe> student)
    {
        rules.Require(student.Value.Epochs is null, $"{at}.epochs", student.Value.Epochs ?? 0, Sampled, involved: $"{path}.onPolicy");
        rules.Require(student.Value.BatchSize is null, $"{at}.batchSize", student.Value.BatchSize ?? 0, Sampled,
            involved: $"{path}.onPolicy");
        var model = ModelNames.Student(name, student.Key);
        var training = (RlStage)stage.Trainings(name).First(one => one.Key == model).Value;
        rules.CheckPrompt($"{path}.prompt", stage.Prompt, rules.ModelOf(model));
        rules.Require(stage.OnPolicy!.Rewards.Count > 0 || !training.Loss.DropEqualGroups, $"{path}.onPolicy.loss.dropEqualGroups", true,
            "false without rewards: all samples of a group earn the same then, and none would be left",
                involved: $"{path}.onPolicy.rewards");
        RlRules.CheckTraining(rules, $"{path}.onPolicy", model, training, new($"{path}.optimizer", $"{at}.from"));
    }

    private const string Sampled = "left out with onPolicy, whose iterations say how much is sampled";
}
