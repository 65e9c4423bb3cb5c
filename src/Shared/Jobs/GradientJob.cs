using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Jobs;

/// <summary>Computes a shard's part of the gradient of one optimizer step of an update.</summary>
public sealed record GradientJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Gradient;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The checkpoint that the update starts from.</summary>
    public required string Policy { get; init; }
    /// <summary>The reference of the KL term; null when its weight is 0.</summary>
    public string? Reference { get; init; }
    /// <summary>The teacher's checkpoint; null for none.</summary>
    public string? Teacher { get; init; }
    /// <summary>The rollouts' token files, in shard order.</summary>
    public required IReadOnlyList<string> Rollouts { get; init; }
    /// <summary>The optimizer step within the update, from 0.</summary>
    public required int Step { get; init; }
    /// <summary>The shard, from 0, of <see cref="RlStage.UpdateShards"/>.</summary>
    public required int Shard { get; init; }
    /// <summary>The gradients of the step before, in shard order: the policy has taken that step. Empty at the first.</summary>
    public required IReadOnlyList<string> After { get; init; }
    /// <summary>Path prefix of the gradient file; the content's hash and the extension are added.</summary>
    public required string Output { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) =>
        this with { Rollouts = [.. Rollouts.Select(rename)], After = [.. After.Select(rename)] };
}
