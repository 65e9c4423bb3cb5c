using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of pretraining: the shape of a model and what it reads.</summary>
internal static class PretrainRules
{
    public static void Check(RecipeCrossRules rules, string path, PretrainStage stage)
    {
        var (model, at) = (stage.Model, $"{path}.model");
        rules.Require(model.HiddenSize % model.Heads == 0, $"{at}.heads", model.Heads, $"a divisor of hiddenSize, {model.HiddenSize}",
            involved: $"{at}.hiddenSize");
        rules.Require(model.HiddenSize / model.Heads % 2 == 0, $"{at}.heads", model.Heads,
            $"so many that hiddenSize / heads is even ({model.HiddenSize} / {model.Heads} is not): the rotary embedding turns pairs",
                involved: $"{at}.hiddenSize");
        rules.Require(model.Heads % model.KvHeads == 0, $"{at}.kvHeads", model.KvHeads, $"a divisor of heads, {model.Heads}",
            involved: $"{at}.heads");
        CheckLatent(rules, at, model);
        if (model.Experts is { } experts) CheckExperts(rules, at, model, experts);
        rules.CheckWarmup(path, stage.Optimizer, stage.Steps, "steps");
        const string either = "one of task and tasks: the one task of the corpus, or several with their parts";
        var isTold = rules.Problems.Concern($"{path}.task") || rules.Problems.Concern($"{path}.tasks");
        if (stage.Task is null && stage.Tasks.Count == 0 && !isTold)
        {
            rules.Problems.Add(rules.Tree.Find(path).Node.At, $"{path}.task", "nothing", "\"task\" is missing, and so is \"tasks\"",
                either);
        }
        rules.Require(stage.Task is null || stage.Tasks.Count == 0, $"{path}.tasks", "{…}", either, involved: $"{path}.task");
        if (stage.Task is not null && stage.Tasks.Count > 0) return;
        foreach (var task in stage.Corpora().Select(corpus => corpus.Key))
        {
            var named = stage.Task is null ? $"{path}.tasks.{task}" : $"{path}.task";
            rules.Require(rules.Recipe.Tasks.GetValueOrDefault(task) is not DatasetTask, named, task,
                "a task with worked examples, such as arithmetic: a data set has none");
            if (rules.CheckTask(named, task) is not { } bounds) continue;
            rules.Require(bounds.ExampleTokens <= model.MaxPositions, $"{at}.maxPositions", model.MaxPositions,
                $"at least {bounds.ExampleTokens}: the longest worked example of task {task}", involved: [named, $"tasks.{task}"]);
        }
    }

    private static void CheckLatent(RecipeCrossRules rules, string at, ModelShape model)
    {
        if (model.Latent is not { } latent) return;
        rules.Require(latent.RotaryWidth % 2 == 0, $"{at}.latent.rotaryWidth", latent.RotaryWidth,
            "an even number: the rotary embedding turns pairs");
        rules.Require(model.KvHeads == model.Heads, $"{at}.kvHeads", model.KvHeads, $"heads, {model.Heads}: latent attention has no groups",
            involved: [$"{at}.heads", $"{at}.latent"]);
    }

    private static void CheckExperts(RecipeCrossRules rules, string at, ModelShape model, ExpertsShape experts)
    {
        var path = $"{at}.experts";
        rules.Require(experts.PerToken <= experts.Count, $"{path}.perToken", experts.PerToken, $"up to count, {experts.Count}",
            involved: $"{path}.count");
        rules.Require(experts.DenseLayers < model.Layers, $"{path}.denseLayers", experts.DenseLayers,
            $"fewer than layers, {model.Layers}: no layer would have experts", involved: $"{at}.layers");
        var groups = experts.Groups ?? 1;
        rules.Require(experts.Count % groups == 0, $"{path}.groups", groups, $"a divisor of count, {experts.Count}",
            involved: $"{path}.count");
        var chosen = experts.ChosenGroups ?? groups;
        rules.Require(chosen <= groups, $"{path}.chosenGroups", chosen, $"up to groups, {groups}", involved: $"{path}.groups");
        rules.Require(experts.PerToken <= chosen * (experts.Count / groups), $"{path}.chosenGroups", chosen,
            $"so many that they have perToken, {experts.PerToken}, experts", involved: [$"{path}.perToken", $"{path}.groups"]);
        foreach (var (name, value, ofLatent) in new (string, object?, bool)[] { ("shared", experts.Shared, true),
            ("groups", experts.Groups, true), ("chosenGroups", experts.ChosenGroups, true), ("biasStep", experts.BiasStep, true),
            ("sequenceLoss", experts.SequenceLoss, true), ("auxiliaryLoss", experts.AuxiliaryLoss, false) })
        {
            rules.Require(value is null || ofLatent == model.Latent is not null, $"{path}.{name}", value ?? "",
                $"nothing: only experts {(ofLatent ? "beside" : "without")} latent attention have it", involved: $"{at}.latent");
        }
    }
}
