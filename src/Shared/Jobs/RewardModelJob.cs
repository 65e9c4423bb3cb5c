using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Trains a reward model on preference pairs or labelled responses.</summary>
public sealed record RewardModelJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.RewardModel;
    /// <summary>The stage's settings.</summary>
    public required RewardModelStage Settings { get; init; }
    /// <summary>The task that makes the rows.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The model whose trunk it starts with.</summary>
    public required string From { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
}
