namespace R1Cloud.Shared.Checkpoints;

/// <summary>There is no such checkpoint: never written, removed, or its writer died before its manifest.</summary>
/// <param name="prefix">Where it was looked for.</param>
public sealed class CheckpointNotFoundException(string prefix)
    : Exception(
        $"There is no checkpoint at '{prefix}': its {CheckpointStore.ManifestName} is missing, so it is torn or was never written.");

/// <summary>A checkpoint is not what its manifest says.</summary>
/// <param name="message">Names the file, what was expected and what was found.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class CheckpointCorruptException(string message, Exception? inner = null) : Exception(message, inner);
