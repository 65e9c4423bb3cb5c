using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>
/// Helpfulness by a reward model that was trained pairwise; it reads the part of the completion that it was trained on (the final summary
/// by default). A completion without that part scores as the worst held-out response.
/// </summary>
public sealed record HelpfulModelOptions
{
    /// <summary>The earlier stage of kind reward-model, objective pairwise, whose model scores.</summary>
    public required string Stage { get; init; }

    /// <summary>Whether the scores on held-out responses are brought to mean 0 and deviation 1.</summary>
    public bool Normalize { get; init; }
}

/// <summary>Safety by a reward model that was trained pointwise: the chance that the completion is harmless, from 0 to 1.</summary>
public sealed record SafetyModelOptions
{
    /// <summary>The earlier stage of kind reward-model, objective pointwise, whose model scores.</summary>
    public required string Stage { get; init; }
}

/// <summary>The rewards that a trained model gives.</summary>
public static class ModelRewardCatalog
{
    /// <summary>The objective that each one's model must have been trained for, by the reward's name.</summary>
    public static IReadOnlyDictionary<string, RewardObjective> Objectives { get; } = new OrderedDictionary<string, RewardObjective>(
        StringComparer.Ordinal)
    {
        ["helpful/model"] = RewardObjective.Pairwise,
        ["safety/model"] = RewardObjective.Pointwise,
    };

    /// <summary>The stage whose model gives a reward; null for rewards that no model gives.</summary>
    /// <param name="name">The reward's name.</param>
    /// <param name="reward">Its settings, options as the loaded recipe has them.</param>
    public static string? StageOf(string name, RewardRecipe reward)
    {
        ArgumentNullException.ThrowIfNull(reward);
        return Objectives.ContainsKey(name) && reward.Options is { ValueKind: JsonValueKind.Object } options
            && options.TryGetProperty("stage", out var stage) && stage.ValueKind == JsonValueKind.String
            ? stage.GetString() : null;
    }
}
