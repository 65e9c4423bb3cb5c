using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Samples completions for a shard of a stage's questions and writes those worth learning from.</summary>
public sealed record SampleJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Sample;
    /// <summary>The stage's settings: a <see cref="CollectStage"/> or a <see cref="RejectionSampleStage"/>.</summary>
    public required StageRecipe Settings { get; init; }
    /// <summary>The task that asks the questions.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The model that answers.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>The model that rewrites what is kept; null for the one that answers.</summary>
    public string? Rewriter { get; init; }
    /// <summary>The shard's first question within the stage.</summary>
    public required int FirstQuestion { get; init; }
    /// <summary>The shard's questions.</summary>
    public required int QuestionCount { get; init; }
    /// <summary>Path prefix of the data file; the attempt adds its own name and the extension.</summary>
    public required string Output { get; init; }
}
