using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Trains a small decoder from scratch and writes its checkpoint.</summary>
public sealed record PretrainJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Pretrain;
    /// <summary>The stage's settings.</summary>
    public required PretrainStage Settings { get; init; }
    /// <summary>The tasks that make the corpus, by name.</summary>
    public required IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
}
