namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>Replayed code asked for something other than what its history holds: it changed, or it is not deterministic.</summary>
/// <param name="instanceId">The instance.</param>
/// <param name="position">Position in its history, from 1, where the two part.</param>
/// <param name="recorded">What the history holds there.</param>
/// <param name="asked">What the code does now.</param>
public sealed class NonDeterministicOrchestrationException(string instanceId, int position, string recorded, string asked)
    : Exception(
        $"Orchestration instance '{instanceId}' does not follow its history: history event {position} {recorded}, the code now {asked}.")
{
    /// <summary>The instance.</summary>
    public string InstanceId { get; } = instanceId;

    /// <summary>Position in its history, from 1.</summary>
    public int Position { get; } = position;
}
