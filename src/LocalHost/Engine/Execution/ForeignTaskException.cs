namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>Orchestrator code awaited something that its context did not give it, so nothing could ever replay it.</summary>
/// <param name="instanceId">The instance.</param>
/// <param name="what">How it was noticed.</param>
public sealed class ForeignTaskException(string instanceId, string what)
    : Exception(
        $"Orchestration instance '{instanceId}' {what}. Orchestrator code may await only tasks of its context, and Task.WhenAll and "
        + "Task.WhenAny over them: no Task.Delay, Task.Run, I/O or ConfigureAwait(false). Put other work into an activity.")
{
    /// <summary>The instance.</summary>
    public string InstanceId { get; } = instanceId;
}
