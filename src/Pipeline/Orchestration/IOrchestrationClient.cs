using System.Text.Json;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>Starts, watches and steers orchestration instances from outside: the Durable Task client, one to one.</summary>
public interface IOrchestrationClient
{
    /// <summary>Starts an instance.</summary>
    /// <returns>True when started; false when an instance of that id exists and is not finished, or is finished and
    /// <paramref name="restartFinished"/> is false.</returns>
    Task<bool> ScheduleNewAsync(string name, object? input, string instanceId, bool restartFinished = false,
        CancellationToken cancellation = default);

    /// <summary>
    /// Raises an event; it is kept until the instance asks for it. Does nothing when the instance is finished or unknown.
    /// </summary>
    /// <remarks>
    /// On Durable Task's Azure Storage provider an event may be lost that comes to an instance begun again before its first decision: the
    /// provider may take it for one to the execution that had finished (Azure/durabletask#530). Whoever waits for an event must find out by
    /// other ways, too, in the end.
    /// </remarks>
    Task RaiseEventAsync(string instanceId, string eventName, object? payload, CancellationToken cancellation = default);

    /// <summary>
    /// Ends an instance and its running sub-orchestrations without giving them a say. Activities in flight run out; their results are
    /// dropped.
    /// </summary>
    Task TerminateAsync(string instanceId, string? reason, CancellationToken cancellation = default);

    /// <summary>Stops an instance (and its sub-orchestrations) from making decisions; results and events are kept for later.</summary>
    Task SuspendAsync(string instanceId, string? reason, CancellationToken cancellation = default);

    /// <summary>Lets a suspended instance go on.</summary>
    Task ResumeAsync(string instanceId, string? reason, CancellationToken cancellation = default);

    /// <summary>The instance's state, or null when unknown.</summary>
    Task<OrchestrationState?> GetAsync(string instanceId, CancellationToken cancellation = default);

    /// <summary>
    /// Instances whose id begins with a prefix, by creation time, without their inputs, outputs, statuses and failures: there may be very
    /// many.
    /// </summary>
    /// <param name="idPrefix">What their ids begin with.</param>
    /// <param name="unfinishedOnly">Whether finished ones are left out.</param>
    /// <param name="cancellation">Stops.</param>
    IAsyncEnumerable<OrchestrationState> ListAsync(string idPrefix = "", bool unfinishedOnly = false,
        CancellationToken cancellation = default);

    /// <summary>Waits until the instance is finished.</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellation);

    /// <summary>Removes a finished instance and its history.</summary>
    /// <returns>False when there is none, or it is not finished.</returns>
    Task<bool> PurgeAsync(string instanceId, CancellationToken cancellation = default);
}

/// <summary>Where an instance stands.</summary>
public enum OrchestrationStatus
{
    /// <summary>Accepted, not yet begun.</summary>
    Pending,
    /// <summary>Making decisions or waiting.</summary>
    Running,
    /// <summary>Held by a client until resumed.</summary>
    Suspended,
    /// <summary>Finished with an output.</summary>
    Completed,
    /// <summary>Finished with a failure.</summary>
    Failed,
    /// <summary>Ended by a client.</summary>
    Terminated,
}

/// <summary>An instance as a client sees it.</summary>
/// <param name="InstanceId">Its id.</param>
/// <param name="Name">Its orchestrator.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="CreatedAt">When it was scheduled.</param>
/// <param name="UpdatedAt">When it last changed.</param>
/// <param name="ParentInstanceId">Its caller, for a sub-orchestration.</param>
/// <param name="Input">Its input.</param>
/// <param name="Output">Its output when completed, or the reason when terminated.</param>
/// <param name="CustomStatus">What it last published.</param>
/// <param name="Failure">How it failed, when failed.</param>
public sealed record OrchestrationState(
    string InstanceId,
    string Name,
    OrchestrationStatus Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? ParentInstanceId = null,
    JsonElement? Input = null,
    JsonElement? Output = null,
    JsonElement? CustomStatus = null,
    FailureDetails? Failure = null)
{
    /// <summary>Whether nothing more will happen.</summary>
    public bool IsFinished => Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;
}
