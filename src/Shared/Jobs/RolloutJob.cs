using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>Generates completions for a shard of an iteration's questions and scores them.</summary>
public sealed record RolloutJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Rollout;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The tasks that ask the questions, by name.</summary>
    public required IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The policy's checkpoint.</summary>
    public required string Policy { get; init; }
    /// <summary>The shard's first question within the iteration.</summary>
    public required int FirstQuestion { get; init; }
    /// <summary>The shard's questions.</summary>
    public required int QuestionCount { get; init; }
    /// <summary>The pass rates that the curriculum goes by; null for none yet.</summary>
    public string? Pool { get; init; }
    /// <summary>Path prefix of the rollout files; the attempt adds its own name and extensions.</summary>
    public required string Output { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) => this with { Pool = Pool is null ? null : rename(Pool) };
}
