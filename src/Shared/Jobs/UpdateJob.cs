using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Jobs;

/// <summary>Updates the policy from an iteration's rollouts and writes the next checkpoint.</summary>
public sealed record UpdateJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Update;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The checkpoint that the update starts from. It made the rollouts, unless the recipe lets them be older.</summary>
    public required string Policy { get; init; }
    /// <summary>The reference of the KL term; null when its weight is 0.</summary>
    public string? Reference { get; init; }
    /// <summary>The teacher's checkpoint; null for none.</summary>
    public string? Teacher { get; init; }
    /// <summary>The rollouts' token files, in the order of their questions.</summary>
    public required IReadOnlyList<string> Rollouts { get; init; }
    /// <summary>
    /// The last step's gradients in shard order, when shards computed the gradients: the steps are taken from them. Null computes all here.
    /// </summary>
    public IReadOnlyList<string>? Gradients { get; init; }
    /// <summary>Where the next checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>What becomes of the curriculum's pool; null without a curriculum.</summary>
    public PoolUpdate? Pool { get; init; }
    /// <summary>
    /// The updates that lead to the policy, oldest first, from a point whose training state is stored at the latest: a worker that has not
    /// the optimizer's moments at the policy takes them again. Empty where each checkpoint has its training state with it.
    /// </summary>
    public IReadOnlyList<EarlierUpdate> Since { get; init; } = [];

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) => this with
    {
        Rollouts = [.. Rollouts.Select(rename)], Gradients = Gradients is null ? null : [.. Gradients.Select(rename)],
        Since = [.. Since.Select(update => update with { Rollouts = [.. update.Rollouts.Select(rename)] })],
        Pool = Pool is null ? null : Pool with { Before = Pool.Before is null ? null : rename(Pool.Before),
            Asked = [.. Pool.Asked.Select(rename)] },
    };
}

/// <summary>An iteration's part of a curriculum's pool.</summary>
/// <param name="Asked">The files of what the iteration's rollouts asked, in the order of their questions.</param>
/// <param name="Output">Path prefix of the pool that follows; the attempt adds its own name and the extension.</param>
/// <param name="Before">The pool after the iteration before; null for none.</param>
public sealed record PoolUpdate(IReadOnlyList<string> Asked, string Output, string? Before = null);

/// <summary>An update that was made, by all that decides it, and how its rollouts are made again.</summary>
/// <param name="Iteration">The iteration, from 0.</param>
/// <param name="Policy">The checkpoint that it started from.</param>
/// <param name="Rollouts">The rollouts' token files, in the order of their questions.</param>
/// <param name="Reference">The reference of the KL term; null when its weight is 0.</param>
/// <param name="Sampler">The checkpoint that answered; null where it is the policy.</param>
/// <param name="Pool">The curriculum's pool that its questions were drawn by; null for none.</param>
public sealed record EarlierUpdate(
    int Iteration, string Policy, IReadOnlyList<string> Rollouts, string? Reference = null, string? Sampler = null, string? Pool = null);
