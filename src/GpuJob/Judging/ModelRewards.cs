using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Judging;

/// <summary>The rewards of a recipe that reward models give, many completions at a time.</summary>
internal sealed class ModelRewards
{
    private readonly ResidentModels models;
    private readonly JobContext context;
    private readonly List<(string Name, string Stage, string Checkpoint, bool Normalize)> rewards = [];

    private ModelRewards(ResidentModels models, JobContext context) => (this.models, this.context) = (models, context);

    /// <summary>Those among a recipe's rewards; null when there are none.</summary>
    /// <param name="rewards">The recipe's rewards by name.</param>
    /// <param name="models">Where reward models are kept in memory.</param>
    /// <param name="context">The attempt, whose payload says where the reward models are.</param>
    /// <exception cref="BadInputException">An option is not allowed, or there is no such reward model.</exception>
    public static ModelRewards? Create(IReadOnlyDictionary<string, RewardRecipe> rewards, ResidentModels models, JobContext context)
    {
        var found = new ModelRewards(models, context);
        var checkpoints = context.Spec.Payload.RewardModels;
        foreach (var (name, reward) in rewards.OrderBy(reward => reward.Key, StringComparer.Ordinal))
        {
            if (!RewardFunctions.Find(name).ByModel) continue;
            var (stage, normalize) = ModelRewardCatalog.Objectives[name] == RewardObjective.Pairwise
                ? Helpful(RewardOptions.Bind<HelpfulModelOptions>(name, reward.Options))
                : (RewardOptions.Bind<SafetyModelOptions>(name, reward.Options).Stage, false);
            if (!checkpoints.TryGetValue(stage, out var checkpoint))
                throw new BadInputException(
                    $"Reward '{name}': options.stage: there is no reward model of stage '{stage}'; there is that "
                    + $"of: {string.Join(", ", checkpoints.Keys)}.");
            found.rewards.Add((name, stage, checkpoint, normalize));
        }
        return found.rewards.Count > 0 ? found : null;
    }

    private static (string Stage, bool Normalize) Helpful(HelpfulModelOptions options) => (options.Stage, options.Normalize);

    /// <summary>
    /// What the models say of completions: by completion, then by reward. Completions that are scored together give the same scores each
    /// time.
    /// </summary>
    /// <exception cref="BadInputException">A model was trained for something else, or cannot read the text.</exception>
    /// <exception cref="PreemptedException">The worker must stop.</exception>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, Reward>>> ScoreAsync(IReadOnlyList<Completion> completions)
    {
        var verdicts = completions.Select(_ => new Dictionary<string, Reward>(rewards.Count, StringComparer.Ordinal)).ToList();
        foreach (var (name, stage, checkpoint, normalize) in rewards)
        {
            context.ThrowIfPreempted();
            var scorer = await models.RewardModels.GetAsync(checkpoint, context);
            if (scorer.Objective != ModelRewardCatalog.Objectives[name])
                throw new BadInputException(
                    $"Reward '{name}' needs a reward model trained {ModelRewardCatalog.Objectives[name]}; that of stage '{stage}' was "
                    + $"trained {scorer.Objective}.");
            foreach (var (verdict, score) in verdicts.Zip(scorer.Score(completions, normalize))) verdict.Add(name, score);
        }
        return verdicts;
    }
}
