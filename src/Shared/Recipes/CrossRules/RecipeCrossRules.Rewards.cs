using System.Globalization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of rewards, those among them that a model gives.</summary>
internal sealed partial class RecipeCrossRules
{
    private void CheckWeights(string path, IReadOnlyDictionary<string, RewardRecipe> rewards) =>
        Require(RewardRecipe.Total(rewards) <= RewardRecipe.MostWeight, path,
            string.Create(CultureInfo.InvariantCulture, $"{RewardRecipe.Total(rewards)} in all"),
            string.Create(CultureInfo.InvariantCulture, $"weights whose sizes add up to at most {RewardRecipe.MostWeight}"));

    public void CheckRewards(string path, IReadOnlyDictionary<string, RewardRecipe> rewards)
    {
        Require(rewards.Count == 0 || rewards.Values.Any(reward => reward.Weight != 0), $"{path}.rewards", "only 0",
            "at least one weight that is not 0");
        Require(!rewards.ContainsKey("length/cosine")
            || rewards.Keys.Any(reward => reward.StartsWith("accuracy/", StringComparison.Ordinal)), $"{path}.rewards.length/cosine",
            "length/cosine",
            "beside an accuracy reward, which says what is right (its weight may be 0)", involved: $"{path}.rewards");
    }

    // A reward that a model gives names the stage that trains the model: an earlier one, or for the run's evaluation any.
    public void CheckModelRewards(string path, IReadOnlyDictionary<string, RewardRecipe> rewards,
        IEnumerable<KeyValuePair<string, StageRecipe>> among, bool earlier)
    {
        foreach (var (reward, settings) in rewards)
        {
            if (!ModelRewardCatalog.Objectives.TryGetValue(reward, out var objective)
                || ModelRewardCatalog.StageOf(reward, settings) is not { } named) continue;
            if (!recipe.Stages.ContainsKey(named) && WasDropped("stages", named)) continue;
            var candidates = among.Where(stage => stage.Value is RewardModelStage model && model.Objective == objective)
                .Select(stage => stage.Key).ToList();
            var kind =
                $"{(earlier ? "an earlier" : "a")} stage of kind reward-model, objective {(objective == RewardObjective.Pairwise ? "pairwise" : "pointwise")}";
            Require(candidates.Contains(named), $"{path}.{reward}.options.stage", named,
                candidates.Count > 0
                    ? $"{kind}: {string.Join(", ", candidates)}" : $"{kind}, and there is none{(earlier ? " before this one" : "")}",
                    Spelling.DidYouMean(named, candidates), involved: $"stages.{named}.objective");
        }
    }
}
