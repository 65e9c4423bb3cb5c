using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Rewards by lot, as the control says: what trains is chance, what the recipe's rewards say of a sample is told beside it.
/// </summary>
internal static class RandomReward
{
    /// <summary>A question's answers with the rewards that the lot gave, where the stage is such a control; else as they are.</summary>
    /// <param name="payload">The rollout.</param>
    /// <param name="question">The question.</param>
    /// <param name="answers">Its answers in the order of the samples.</param>
    public static IReadOnlyList<SampledAnswer> Of(RolloutJob payload, RolloutQuestion question, IReadOnlyList<SampledAnswer> answers)
    {
        if (payload.Settings.Control != TrainingControl.RandomReward) return answers;
        // As large as what is earned otherwise: losses that do not scale it down make steps of that size.
        var most = RewardRecipe.Total(payload.Settings.PromptSources().First(source => source.Name == question.Source).Source.Rewards);
        return [.. answers.Select((answer, sample) =>
        {
            var lot = new SeededRandom(
                Seeds.Derive(payload.Seed, payload.Stage + "/random-reward", payload.Iteration, question.Number, sample)).Next(2) * most;
            return answer with
            {
                Scored = answer.Scored with
                {
                    Total = lot,
                    Verdicts = answer.Scored.Verdicts.Append(KeyValuePair.Create(RlStage.Lot, new Reward(lot, "drawn by lot")))
                        .ToDictionary(),
                },
            };
        })];
    }
}
