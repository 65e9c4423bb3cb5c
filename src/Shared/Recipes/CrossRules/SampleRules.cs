namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of stages that make data.</summary>
internal static class SampleRules
{
    public static void Check(RecipeCrossRules rules, string path, string name, SampleStage stage)
    {
        rules.Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}",
            involved: $"{path}.questions");
        rules.Require(stage.Keep <= stage.Samples, $"{path}.keep", stage.Keep, $"at most samples, {stage.Samples}",
            involved: $"{path}.samples");
        rules.Require(stage.Sampling.WhyGreedy() is null || stage.Samples == 1, $"{path}.samples", stage.Samples,
            $"1 {stage.Sampling.WhyGreedy()}: all samples are the same", involved: $"{path}.sampling.temperature");
        rules.Require(stage.Filters.Language is null || stage.Filters.LanguageField is null, $"{path}.filters.languageField",
            stage.Filters.LanguageField ?? "", "left out beside language, or in its place", involved: $"{path}.filters.language");
        foreach (var reward in stage.Minimums.Keys)
        {
            rules.Require(stage.Rewards.ContainsKey(reward), $"{path}.minimums.{reward}", reward,
                $"a name in the stage's rewards: {string.Join(", ", stage.Rewards.Keys)}",
                involved: [$"{path}.rewards", $"{path}.minimums"]);
        }
        if (rules.CheckTask($"{path}.task", stage.Task) is { } bounds)
        {
            rules.Require(stage.Questions <= bounds.Training, $"{path}.questions", stage.Questions,
                $"at most {bounds.Training}: the training problems of task {stage.Task}",
                    involved: [$"{path}.task", $"tasks.{stage.Task}"]);
        }
        rules.CheckPrompt($"{path}.prompt", stage.Prompt, rules.ModelOf(name));
        rules.CheckLength(path, stage.Sampling, $"{path}.task", stage.Task, rules.ModelOf(name));
        rules.CheckAsked($"{path}.task", stage.Task, rules.ModelOf(name));
        rules.CheckScored($"{path}.rewards", stage.Rewards, stage.Task, rules.ModelOf(name));
        if (stage is not CollectStage { Rewrite: ModelRewrite rewrite }) return;
        rules.CheckFrom($"{path}.rewrite.from", name, rewrite.From);
        rules.CheckPrompt($"{path}.rewrite.prompt", rewrite.Prompt, rules.ModelOf(rewrite.From ?? name));
    }
}
