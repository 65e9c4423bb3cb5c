namespace R1Cloud.Shared.Jobs;

/// <summary>A running job's last word, overwritten in place; for eyes only, nothing depends on it.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Metrics">The last step's figures.</param>
/// <param name="UpdatedAt">When this was written.</param>
public sealed record JobProgress(
    string JobId, string Attempt, string Worker, int Step, int Steps, IReadOnlyDictionary<string, double> Metrics, DateTimeOffset UpdatedAt);
