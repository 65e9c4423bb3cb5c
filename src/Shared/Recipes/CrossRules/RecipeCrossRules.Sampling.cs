namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of stages that make data.</summary>
internal sealed partial class RecipeCrossRules
{
    private void CheckSample(string path, string name, SampleStage stage)
    {
        Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}",
            involved: $"{path}.questions");
        Require(stage.Keep <= stage.Samples, $"{path}.keep", stage.Keep, $"at most samples, {stage.Samples}", involved: $"{path}.samples");
        Require(stage.Sampling.Temperature > 0 || stage.Samples == 1, $"{path}.samples", stage.Samples,
            "1 at temperature 0: all samples are the same", involved: $"{path}.sampling.temperature");
        Require(stage.Filters.Language is null || stage.Filters.LanguageField is null, $"{path}.filters.languageField",
            stage.Filters.LanguageField ?? "", "left out beside language, or in its place", involved: $"{path}.filters.language");
        foreach (var reward in stage.Minimums.Keys)
        {
            Require(stage.Rewards.ContainsKey(reward), $"{path}.minimums.{reward}", reward,
                $"a name in the stage's rewards: {string.Join(", ", stage.Rewards.Keys)}",
                involved: [$"{path}.rewards", $"{path}.minimums"]);
        }
        if (CheckTask($"{path}.task", stage.Task) is { } bounds)
        {
            Require(stage.Questions <= bounds.Training, $"{path}.questions", stage.Questions,
                $"at most {bounds.Training}: the training problems of task {stage.Task}",
                    involved: [$"{path}.task", $"tasks.{stage.Task}"]);
        }
        CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(name));
        CheckLength(path, stage.Sampling, $"{path}.task", stage.Task, ModelOf(name));
        CheckAsked($"{path}.task", stage.Task, ModelOf(name));
        CheckScored($"{path}.rewards", stage.Rewards, stage.Task, ModelOf(name));
        if (stage is not CollectStage { Rewrite: ModelRewrite rewrite }) return;
        CheckFrom($"{path}.rewrite.from", name, rewrite.From);
        CheckPrompt($"{path}.rewrite.prompt", rewrite.Prompt, ModelOf(rewrite.From ?? name));
    }
}
