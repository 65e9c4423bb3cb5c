using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Jobs;

/// <summary>Checks a model folder and makes a checkpoint of it.</summary>
public sealed record ImportJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Import;
    /// <summary>The stage's settings.</summary>
    public required ImportStage Settings { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>The step that the checkpoint's name says.</summary>
    public required int Step { get; init; }
}
