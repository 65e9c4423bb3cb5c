namespace R1Cloud.Shared.Checkpoints;

/// <summary>
/// A checkpoint's table of contents, <c>manifest.json</c> in its folder: created last and once, so a torn checkpoint is never seen.
/// </summary>
public sealed record CheckpointManifest
{
    /// <summary>The stage that made it.</summary>
    public required string Stage { get; init; }
    /// <summary>The stage's step (pretraining) or iteration (RL) that it stands after.</summary>
    public required int Step { get; init; }
    /// <summary>The attempt that wrote it.</summary>
    public required string Attempt { get; init; }
    /// <summary>The checkpoint that it grew from, if any.</summary>
    public string? Parent { get; init; }
    /// <summary>
    /// Its files by name (<c>model.safetensors</c>, <c>config.json</c>, <c>optimizer.safetensors</c>, <c>trainer_state.json</c>, …).
    /// </summary>
    public required IReadOnlyDictionary<string, CheckpointFile> Files { get; init; }

    /// <summary>The files that make up the model; the others only the trainer needs, to go on.</summary>
    public IEnumerable<KeyValuePair<string, CheckpointFile>> ModelFiles() => Files
        .Where(file =>
            !file.Key.StartsWith("optimizer", StringComparison.Ordinal) && !file.Key.StartsWith("trainer_state", StringComparison.Ordinal));
}

/// <summary>One file of a checkpoint.</summary>
/// <param name="Path">The blob's path.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Its hash, lower-case hex.</param>
public sealed record CheckpointFile(string Path, long Length, string Sha256);
