using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Fine-tunes a checkpoint on the rows of data stages.</summary>
public sealed record SftJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Sft;
    /// <summary>The stage's settings.</summary>
    public required SftStage Settings { get; init; }
    /// <summary>The model to start from.</summary>
    public required string From { get; init; }
    /// <summary>The data stages' files by the stages' names.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Data { get; init; }
    /// <summary>Tasks whose training rows are learned from, by name.</summary>
    public IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; } = new Dictionary<string, TaskRecipe>();
    /// <summary>Where the stage's checkpoints are; the job adds the folder of its last step, which the rows decide.</summary>
    public required string Checkpoints { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) =>
        this with { Data = Data.ToDictionary(data => data.Key, data => (IReadOnlyList<string>)[.. data.Value.Select(rename)]) };
}
