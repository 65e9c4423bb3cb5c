using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// One of several prompt sources of an RL stage, with rewards of its own (DeepSeek-R1 section 2.3.4: RL for all scenarios).
/// </summary>
[Needs(nameof(Rewards))]
public sealed record PromptSource
{
    /// <summary>The task whose training problems are the prompts.</summary>
    [TaskName]
    public required string Task { get; init; }

    /// <summary>Its part of an iteration's questions, in any unit, among the sources that take part (largest remainder).</summary>
    [Bounds(Above = 0)]
    public double Share { get; init; } = 1;

    /// <summary>The iteration, counted from 0, from which on it takes part.</summary>
    [Bounds(Min = 0, Max = 999_999)]
    public int FromIteration { get; init; }

    /// <summary>
    /// The reward functions of its completions, as an RL stage's own: each a weight, or an object with weight, options and onError.
    /// </summary>
    [KnownReward(OnNames = true), NotEmpty]
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();
}
