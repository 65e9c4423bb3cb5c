using R1Cloud.Shared.Recipes.Effects;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of reinforcement learning: rollouts, sources and rewards.</summary>
internal static class RlRules
{
    /// <summary>Where fields of a training stand that are not among its others.</summary>
    /// <param name="Optimizer">The optimizer.</param>
    /// <param name="From">The stage whose model it starts from.</param>
    public sealed record Places(string Optimizer, string From);

    public static void Check(RecipeCrossRules rules, string path, string name, RlStage stage)
    {
        rules.CheckPrompt($"{path}.prompt", stage.Prompt, rules.ModelOf(name));
        CheckTraining(rules, path, name, stage, new($"{path}.optimizer", $"{path}.from"));
        ControlRules.Check(rules, path, stage);
    }

    /// <summary>The rules of a training, be it a stage or a student's.</summary>
    public static void CheckTraining(RecipeCrossRules rules, string path, string name, RlStage stage, Places places)
    {
        var rows = (long)stage.Questions * stage.GroupSize;
        string[] rollout = [$"{path}.questions", $"{path}.groupSize"];
        rules.Require(stage.Shards <= stage.Questions, $"{path}.shards", stage.Shards, $"at most questions, {stage.Questions}",
            involved: $"{path}.questions");
        rules.Require(rows % stage.MiniBatches == 0, $"{path}.miniBatches", stage.MiniBatches,
            $"a divisor of questions × groupSize, {stage.Questions} × {stage.GroupSize} = {rows}", involved: rollout);
        rules.Require(stage.MicroBatchSize <= rows / stage.MiniBatches, $"{path}.microBatchSize", stage.MicroBatchSize,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows; 0 takes it whole", involved: [.. rollout, $"{path}.miniBatches"]);
        rules.Require(stage.UpdateShards <= rows / stage.MiniBatches, $"{path}.updateShards", stage.UpdateShards,
            $"at most a mini-batch, {rows} / {stage.MiniBatches} rows", involved: [.. rollout, $"{path}.miniBatches"]);
        rules.Require(stage.UpdateReplicas <= rows / stage.MiniBatches / stage.UpdateShards, $"{path}.updateReplicas", stage.UpdateReplicas,
            $"at most the rows of a job, {rows} / {stage.MiniBatches} / {stage.UpdateShards} (updateShards)",
            involved: [.. rollout, $"{path}.miniBatches", $"{path}.updateShards"]);
        rules.Require(stage.KeepStateEvery == 1 || stage.UpdateShards == 1, $"{path}.keepStateEvery", stage.KeepStateEvery,
            "1 with updateShards above 1: each of the workers that compute gradients needs the optimizer's moments in every iteration",
            involved: $"{path}.updateShards");
        rules.Require(stage.Sampling.Temperature > 0, $"{path}.sampling.temperature", stage.Sampling.Temperature,
            "above 0: equal samples have no advantage");
        rules.Require(stage.Sampling.TopK != 1, $"{path}.sampling.topK", stage.Sampling.TopK,
            "0 for all, or 2 and more: equal samples have no advantage");
        rules.Require(stage.Loss.Name != "cispo" || stage.Loss.ClipHigh >= 1, $"{path}.loss.clipHigh", stage.Loss.ClipHigh,
            "1 or more with cispo, where it is the cap on the ratio itself", involved: $"{path}.loss.name");
        rules.Require(stage.Loss.AdvantageScale != AdvantageScale.Mean || stage.Loss.AdvantageBaseline == AdvantageBaseline.GroupMean,
            $"{path}.loss.advantageBaseline", "leave-one-out", "group-mean with advantageScale mean",
            involved: $"{path}.loss.advantageScale");
        rules.Require(stage.Loss.KlWeight == 0 || stage.Loss.KlEstimator != KlEstimator.K1 || stage.Loss.KlTimesRatio
            || stage.Loss.KlInReward, $"{path}.loss.klEstimator", "k1", LossSettings.WhyNotK1,
            involved: [$"{path}.loss.klWeight", $"{path}.loss.klTimesRatio", $"{path}.loss.klInReward"]);
        rules.Require(!stage.Loss.KlInReward || stage.Loss.AdvantageScale is AdvantageScale.None or AdvantageScale.BatchTokens,
            $"{path}.loss.advantageScale", stage.Loss.AdvantageScale.ToString().ToLowerInvariant(),
            "none or batch-tokens with klInReward, whose penalty each token has", involved: $"{path}.loss.klInReward");
        rules.Require(stage.Loss.TwoSidedClip is not { } cap || cap > 1 + stage.Loss.ClipHigh
            || !LossSettings.Of(stage.Loss.Name).Reads.Contains(nameof(PolicyLossRecipe.TwoSidedClip)),
            $"{path}.loss.twoSidedClip", stage.Loss.TwoSidedClip ?? 0, $"above 1 + clipHigh, {1 + stage.Loss.ClipHigh}",
                involved: [$"{path}.loss.clipHigh", $"{path}.loss.name"]);
        CheckMismatch(rules, $"{path}.loss", stage.Loss);
        CheckTold(rules, path, stage);
        rules.Require(stage.EvaluateEvery == 0 || rules.Recipe.Evaluation is not null, $"{path}.evaluateEvery", stage.EvaluateEvery,
            "0, or an \"evaluation\" in the recipe that says what is measured", involved: "evaluation");
        rules.Require(stage.Optimizer.WarmupSteps <= stage.Iterations, $"{places.Optimizer}.warmupSteps", stage.Optimizer.WarmupSteps,
            $"at most iterations, {stage.Iterations}", involved: $"{path}.iterations");
        if (stage.Teacher is { } teacher) TeacherRules.Check(rules, path, name, stage, teacher, places.From);
        var split = new QuestionSplit(stage);
        foreach (var (source, prompts) in stage.PromptSources())
        {
            var at = source.Length > 0 ? $"{path}.sources.{source}" : path;
            rules.CheckRewards(at, prompts.Rewards);
            foreach (var (reward, settings) in prompts.Rewards.Where(_ => stage.Loss.AdvantageScale == AdvantageScale.Mean))
            {
                rules.Require(settings.Weight >= 0, $"{at}.rewards.{reward}", settings.Weight, "0 or more with advantageScale mean",
                    involved: $"{path}.loss.advantageScale");
            }
            if (rules.CheckTask($"{at}.task", prompts.Task) is { } bounds)
            {
                rules.Require(split.Most(source) <= bounds.Training, $"{path}.questions", stage.Questions,
                    $"{(source.Length > 0 ? $"so many that {source}'s share of them is at most" : "at most")} {bounds.Training}: the "
                    + $"training problems of task {prompts.Task}", involved: [$"{at}.task", $"tasks.{prompts.Task}"]);
            }
            rules.CheckLength(path, stage.Sampling, $"{at}.task", prompts.Task, rules.ModelOf(name));
            rules.CheckAsked($"{at}.task", prompts.Task, rules.ModelOf(name));
            rules.CheckScored($"{at}.rewards", prompts.Rewards, prompts.Task, rules.ModelOf(name));
        }
        CheckSources(rules, path, stage, split);
        if (stage.Curriculum is { } curriculum) CheckCurriculum(rules, path, stage, curriculum);
    }

    private static void CheckCurriculum(RecipeCrossRules rules, string path, RlStage stage, CurriculumRecipe curriculum)
    {
        rules.Require(curriculum.Low < curriculum.High, $"{path}.curriculum.high", curriculum.High, $"above low, {curriculum.Low}",
            involved: $"{path}.curriculum.low");
        foreach (var (source, prompts) in stage.PromptSources())
        {
            var at = source.Length > 0 ? $"{path}.sources.{source}" : path;
            rules.Require(prompts.Rewards.Keys.Any(reward => reward.StartsWith("accuracy/", StringComparison.Ordinal)), $"{at}.rewards",
                string.Join(", ", prompts.Rewards.Keys),
                "an accuracy reward among them, which says what is right (its weight may be 0): curriculum goes by pass rates",
                involved: $"{path}.curriculum");
        }
    }

    // SGLang tells what filters left to draw from only where top-k is one of them, and not too large a one.
    private static void CheckTold(RecipeCrossRules rules, string path, RlStage stage)
    {
        const int most = 4096;
        if (rules.Recipe.Engine != SamplingEngine.Sglang || stage.Sampling is { TopP: 1, MinP: 0, TopK: 0 } or { TopK: > 0 and <= most })
            return;
        rules.Require(stage.Loss.Recomputes(SamplingEngine.Sglang) && !stage.Loss.TakesKlOffReward(), $"{path}.sampling.topK",
            stage.Sampling.TopK, $"1 to {most} with engine sglang, topP or minP, and log-probabilities taken as the sampler told them: it "
                + "tells of what was left only so",
            involved: ["engine", $"{path}.sampling.topP", $"{path}.sampling.minP", $"{path}.loss.oldLogProbs", $"{path}.loss.klInReward"]);
    }

    private static void CheckMismatch(RecipeCrossRules rules, string path, PolicyLossRecipe loss)
    {
        if (loss.Mismatch is not { Mode: not MismatchMode.None } mismatch) return;
        rules.Require(loss.Recomputes(rules.Recipe.Engine), $"{path}.mismatch", "", "left out, or oldLogProbs recomputed: against "
            + "the recorded ones there is no difference to correct", involved: [$"{path}.oldLogProbs", "engine"]);
        rules.Require(mismatch.Low is not { } low || low < mismatch.High, $"{path}.mismatch.low", mismatch.Low ?? 0,
            $"below high, {mismatch.High}", involved: $"{path}.mismatch.high");
    }

    private static void CheckSources(RecipeCrossRules rules, string path, RlStage stage, QuestionSplit split)
    {
        foreach (var (name, source) in stage.Sources)
        {
            rules.Require(source.FromIteration < stage.Iterations, $"{path}.sources.{name}.fromIteration", source.FromIteration,
                $"below iterations, {stage.Iterations}", involved: $"{path}.iterations");
        }
        rules.Require(stage.Sources.Count == 0 || stage.Sources.Values.Any(source => source.FromIteration == 0), $"{path}.sources", "",
            "a source with fromIteration 0 among them: the first iteration needs questions");
        foreach (var (name, source) in stage.Sources)
        {
            rules.Require(split.Least(name) > 0, $"{path}.sources.{name}.share", source.Share,
                $"so much that at least one of {stage.Questions} questions comes from {name} in each iteration in which it takes part",
                    involved: [$"{path}.sources", $"{path}.questions"]);
        }
    }
}
