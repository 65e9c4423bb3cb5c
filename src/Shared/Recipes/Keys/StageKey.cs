using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Keys;

/// <summary>What a fork's keys begin with.</summary>
/// <param name="Known">The keys of the stages that it takes over, by name: those under which they were made.</param>
/// <param name="Stage">The stage that goes on from a checkpoint of another run; null where none does.</param>
/// <param name="Start">What stands for that checkpoint and its iteration.</param>
public sealed record ForkedKeys(IReadOnlyDictionary<string, StageKey> Known, string? Stage = null, string? Start = null);

/// <summary>What a stage's result depends on: stages with the same key make the same thing.</summary>
public sealed record StageKey
{
    /// <summary>SHA-256 (hex) of <see cref="Basis"/>; null when <see cref="UnknownFile"/> says why it is not known.</summary>
    public string? Result { get; init; }

    /// <summary>
    /// The same of the stage's measurement: the stage's key, what is asked and what judges. Null when the stage is not measured or its key
    /// is not known.
    /// </summary>
    public string? Evaluation { get; init; }

    /// <summary>
    /// All that the key is made of: the trainer's numerics, the seed, the stage's name, its settings with tasks and data in full, the keys
    /// of its inputs.
    /// </summary>
    public required JsonElement Basis { get; init; }

    /// <summary>A data file, of this stage or of one that it depends on, whose content is not known here.</summary>
    public string? UnknownFile { get; init; }
}
