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
    /// The checkpoint whose model its files are laid over: an adapter (LoRA) names what it adds to instead of repeating it. Null where it
    /// is whole by itself; a base always is.
    /// </summary>
    public string? Base { get; init; }
    /// <summary>
    /// Its files by name (<c>model.safetensors</c>, <c>config.json</c>, <c>optimizer.safetensors</c>, <c>trainer_state.json</c>, …).
    /// </summary>
    public required IReadOnlyDictionary<string, CheckpointFile> Files { get; init; }

    /// <summary>The files of a part.</summary>
    public IEnumerable<KeyValuePair<string, CheckpointFile>> FilesOf(CheckpointPart part) =>
        Files.Where(file => PartOf(file.Key) == part);

    private static CheckpointPart PartOf(string file) =>
        file.StartsWith("optimizer", StringComparison.Ordinal) || file.StartsWith("trainer_state", StringComparison.Ordinal)
            ? CheckpointPart.State : CheckpointPart.Model;
}

/// <summary>
/// What a reader needs of a checkpoint. The optimizer's moments are twice the model, and most readers have no use for them.
/// </summary>
public enum CheckpointPart
{
    /// <summary>What makes up the model: weights, configuration, tokenizer.</summary>
    Model,
    /// <summary>What only a training that goes on needs: the optimizer's moments and where it stands.</summary>
    State,
}

/// <summary>One file of a checkpoint.</summary>
/// <param name="Path">The blob's path.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Its hash, lower-case hex.</param>
public sealed record CheckpointFile(string Path, long Length, string Sha256);
