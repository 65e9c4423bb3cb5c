namespace R1Cloud.Shared.Jobs;

/// <summary>A running job's last word, overwritten in place; for eyes only, nothing depends on it.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Metrics">The last step's figures.</param>
/// <param name="UpdatedAt">When this was written.</param>
/// <param name="Waiting">What it waits for, when storage is away in part and this can be written; null while it works.</param>
/// <param name="StorageWait">Seconds for which it has waited for storage at the longest.</param>
public sealed record JobProgress(
    string JobId, string Attempt, string Worker, int Step, int Steps, IReadOnlyDictionary<string, double> Metrics, DateTimeOffset UpdatedAt,
    string? Waiting = null, double StorageWait = 0);
