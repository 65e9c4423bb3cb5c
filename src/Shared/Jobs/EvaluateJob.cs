using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Measures a checkpoint on a benchmark's held-out problems.</summary>
public sealed record EvaluateJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Evaluate;
    /// <summary>What is measured.</summary>
    public required BenchmarkRecipe Settings { get; init; }
    /// <summary>The task that asks the problems.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The reward functions by name, whose means are reported.</summary>
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();
    /// <summary>The checkpoint.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>Whether example answers are written; a curve point needs none.</summary>
    public bool WithSamples { get; init; } = true;
}
