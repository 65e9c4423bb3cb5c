namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>What trainings do not read.</summary>
internal static class TrainingEffects
{
    /// <summary>Of a loss by itself.</summary>
    public static IEnumerable<Unread> OfLoss(PolicyLossRecipe loss)
    {
        var settings = LossSettings.Of(loss.Name);
        foreach (var property in LossSettings.Particular.Except(settings.Reads))
        {
            var readers = string.Join(", ", LossSettings.ReadersOf(property));
            var own = settings.Aggregation is { } aggregation ? $", {Unread.Name(aggregation)}" : "";
            yield return property == nameof(PolicyLossRecipe.Aggregation)
                ? new(property, $"{loss.Name} has a way of its own{own}; it is read by {readers}", settings.Aggregation)
                : new(property, $"{loss.Name} does not read it; it is read by {readers}");
        }
        if (loss.KlWeight != 0)
        {
            if (loss.KlInReward)
            {
                yield return new(nameof(PolicyLossRecipe.KlTimesRatio),
                    "klInReward takes the KL estimate off the reward: there is no term");
            }
            yield break;
        }
        const string noTerm = "klWeight is 0: there is no KL term";
        yield return new(nameof(PolicyLossRecipe.KlEstimator), noTerm + " (klMetric measures without one)");
        yield return new(nameof(PolicyLossRecipe.KlTimesRatio), noTerm);
        yield return new(nameof(PolicyLossRecipe.KlInReward), noTerm);
    }

    /// <summary>Of an optimizer.</summary>
    public static IEnumerable<Unread> OfOptimizer(OptimizerRecipe optimizer)
    {
        if (optimizer.Lora is not null)
        {
            yield return new(nameof(OptimizerRecipe.State),
                "with optimizer.lora little is trained: an adapter's state is small and stays beside it");
        }
        if (optimizer.Schedule != LearningRateSchedule.Constant) yield break;
        yield return new(nameof(OptimizerRecipe.FinalRatio), "the schedule is constant: the learning rate stays", 1.0);
    }

    /// <summary>Of a correction of the mismatch.</summary>
    public static IEnumerable<Unread> OfMismatch(MismatchRecipe mismatch)
    {
        if (mismatch.Mode == MismatchMode.None) yield return new(nameof(MismatchRecipe.High), "mode is none: nothing is corrected");
        if (mismatch.Mode is MismatchMode.None or MismatchMode.TokenTruncate or MismatchMode.SequenceTruncate)
            yield return new(nameof(MismatchRecipe.Low), $"mode is {Unread.Name(mismatch.Mode)}, which leaves nothing out");
    }

    /// <summary>Of reinforcement learning.</summary>
    public static IEnumerable<Unread> OfRl(RlStage stage, Recipe recipe)
    {
        if (!stage.Loss.NeedsReference())
            yield return new(nameof(RlStage.ReferenceEvery),
                "there is no reference model: loss.klWeight is 0 and loss.klMetric is not set");
        if (stage.MicroBatchTokens > 0) yield return new(nameof(RlStage.MicroBatchSize), "microBatchTokens takes its place");
        if (stage.DynamicSampling is not null)
        {
            yield return new([nameof(RlStage.Loss), nameof(PolicyLossRecipe.DropEqualGroups)],
                "dynamicSampling leaves those groups out already");
        }
        if (stage.Sources.Count == 1)
        {
            yield return new([nameof(RlStage.Sources), stage.Sources.Keys.Single(), nameof(PromptSource.Share)],
                "it is the only source, and all questions come from it");
        }
        var more = DataEffects.OfPrompt(recipe, stage.PromptSources().Select(source => source.Source.Task))
            .Concat(stage.Epochs == 1 ? OfOneStep(stage.MiniBatches, stage.Loss, recipe) : []);
        foreach (var unread in more) yield return unread;
    }

    /// <summary>Of a loss whose one step an iteration begins where its ratios are taken to: they are 1.</summary>
    public static IEnumerable<Unread> OfOneStep(int steps, PolicyLossRecipe loss, Recipe recipe)
    {
        if (steps > 1 || !loss.Recomputes(recipe.Engine)) yield break;
        const string one =
            "the ratio is 1: the one step of an iteration (miniBatches and epochs are 1) begins at the policy that its log-probabilities "
            + "are recomputed by";
        yield return new([nameof(RlStage.Loss), nameof(PolicyLossRecipe.ClipLow)], one);
        yield return new([nameof(RlStage.Loss), nameof(PolicyLossRecipe.ClipHigh)], one);
        yield return new([nameof(RlStage.Loss), nameof(PolicyLossRecipe.TwoSidedClip)], one);
        yield return new([nameof(RlStage.Loss), nameof(PolicyLossRecipe.OffPolicyThreshold)], one);
    }

    /// <summary>Of learning from rows.</summary>
    public static IEnumerable<Unread> OfRows(SupervisedStage stage)
    {
        if (stage.Data is [var one] && stage.Proportions.Keys.All(name => name == one))
            yield return new(nameof(SupervisedStage.Proportions), "data has one source: there is nothing to mix");
    }
}
