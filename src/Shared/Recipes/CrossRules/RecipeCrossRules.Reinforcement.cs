using System.Globalization;
using R1Cloud.Shared.Recipes.Effects;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of reinforcement learning: rollouts, sources and rewards.</summary>
internal sealed partial class RecipeCrossRules
{
    private void CheckRl(string path, string name, RlStage stage)
    {
        var rows = (long)stage.Questions * stage.GroupSize;
        string[] rollout = [$"{path}.questions", $"{path}.groupSize"];
        Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}",
            involved: $"{path}.questions");
        Require(rows % stage.MiniBatches == 0, $"{path}.miniBatches", stage.MiniBatches,
            $"a divisor of questions × groupSize, {stage.Questions} × {stage.GroupSize} = {rows}", involved: rollout);
        Require(stage.MicroBatchSize <= rows / stage.MiniBatches, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows; 0 takes it whole", involved: [.. rollout, $"{path}.miniBatches"]);
        Require(stage.UpdateShards <= rows / stage.MiniBatches, $"{path}.updateShards", stage.UpdateShards,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows", involved: [.. rollout, $"{path}.miniBatches"]);
        Require(stage.Sampling.Temperature > 0, $"{path}.sampling.temperature", stage.Sampling.Temperature,
            "above 0: equal samples have no advantage");
        Require(stage.Loss.Name != "cispo" || stage.Loss.ClipHigh >= 1, $"{path}.loss.clipHigh", stage.Loss.ClipHigh,
            "1 or more with cispo, where it is the cap on the ratio itself", involved: $"{path}.loss.name");
        Require(stage.Loss.KlWeight == 0 || stage.Loss.KlEstimator != KlEstimator.K1 || stage.Loss.KlTimesRatio, $"{path}.loss.klEstimator",
            "k1", LossSettings.WhyNotK1,
            involved: [$"{path}.loss.klWeight", $"{path}.loss.klTimesRatio"]);
        Require(stage.Loss.TwoSidedClip is not { } cap || cap > 1 + stage.Loss.ClipHigh
            || !LossSettings.Of(stage.Loss.Name).Reads.Contains(nameof(PolicyLossRecipe.TwoSidedClip)),
            $"{path}.loss.twoSidedClip", stage.Loss.TwoSidedClip ?? 0, $"above 1 + clipHigh, {1 + stage.Loss.ClipHigh}",
                involved: [$"{path}.loss.clipHigh", $"{path}.loss.name"]);
        Require(stage.EvaluateEvery == 0 || recipe.Evaluation is not null, $"{path}.evaluateEvery", stage.EvaluateEvery,
            "0, or an \"evaluation\" in the recipe that says what is measured", involved: "evaluation");
        CheckWarmup(path, stage.Optimizer, stage.Iterations, "iterations");
        CheckPrompt($"{path}.prompt", stage.Prompt, ModelOf(name));
        var split = new QuestionSplit(stage);
        foreach (var (source, prompts) in stage.PromptSources())
        {
            var at = source.Length > 0 ? $"{path}.sources.{source}" : path;
            CheckRewards(at, prompts.Rewards);
            if (CheckTask($"{at}.task", prompts.Task) is { } bounds)
            {
                Require(split.Most(source) <= bounds.Training, $"{path}.questions", stage.Questions,
                    $"{(source.Length > 0 ? $"so many that {source}'s share of them is at most" : "at most")} {bounds.Training}: the "
                    + $"training problems of task {prompts.Task}", involved: [$"{at}.task", $"tasks.{prompts.Task}"]);
            }
            CheckLength(path, stage.Sampling, $"{at}.task", prompts.Task, ModelOf(name));
            CheckAsked($"{at}.task", prompts.Task, ModelOf(name));
            CheckScored($"{at}.rewards", prompts.Rewards, prompts.Task, ModelOf(name));
        }
        CheckSources(path, stage, split);
    }

    private void CheckSources(string path, RlStage stage, QuestionSplit split)
    {
        foreach (var (name, source) in stage.Sources)
        {
            Require(source.FromIteration < stage.Iterations, $"{path}.sources.{name}.fromIteration", source.FromIteration,
                $"below iterations, {stage.Iterations}", involved: $"{path}.iterations");
        }
        Require(stage.Sources.Count == 0 || stage.Sources.Values.Any(source => source.FromIteration == 0), $"{path}.sources", "",
            "a source with fromIteration 0 among them: the first iteration needs questions");
        foreach (var (name, source) in stage.Sources)
        {
            Require(split.Least(name) > 0, $"{path}.sources.{name}.share", source.Share,
                $"so much that at least one of {stage.Questions} questions comes from {name} in each iteration in which it takes part",
                    involved: [$"{path}.sources", $"{path}.questions"]);
        }
    }

    private void CheckWeights(string path, IReadOnlyDictionary<string, RewardRecipe> rewards) =>
        Require(RewardRecipe.Total(rewards) <= RewardRecipe.MostWeight, path,
            string.Create(CultureInfo.InvariantCulture, $"{RewardRecipe.Total(rewards)} in all"),
            string.Create(CultureInfo.InvariantCulture, $"weights whose sizes add up to at most {RewardRecipe.MostWeight}"));

    private void CheckRewards(string path, IReadOnlyDictionary<string, RewardRecipe> rewards)
    {
        Require(rewards.Count == 0 || rewards.Values.Any(reward => reward.Weight != 0), $"{path}.rewards", "only 0",
            "at least one weight that is not 0");
        Require(!rewards.ContainsKey("length/cosine")
            || rewards.Keys.Any(reward => reward.StartsWith("accuracy/", StringComparison.Ordinal)), $"{path}.rewards.length/cosine",
            "length/cosine",
            "beside an accuracy reward, which says what is right (its weight may be 0)", involved: $"{path}.rewards");
    }
}
