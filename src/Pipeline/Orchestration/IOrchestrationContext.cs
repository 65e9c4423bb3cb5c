using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>
/// What an orchestrator may touch. The vocabulary is that of the Durable Task <c>TaskOrchestrationContext</c>, one to one, so that the
/// same orchestrators run on Azure Durable Functions and on the embedded engine.
/// </summary>
/// <remarks>
/// Orchestrator code is replayed: it must be deterministic and may await only tasks that come from this context (or
/// <see cref="Task.WhenAll(Task[])"/> and <see cref="Task.WhenAny(Task[])"/> over them). No clock, randomness, I/O or static state besides.
/// It must not block, leave its scheduler (<c>ConfigureAwait(false)</c>), or cancel by a clock or another thread:
/// <see cref="CancellationTokenSource.Cancel()"/> is fine, <c>CancelAfter</c> and <c>CancelAsync</c> are not.
/// </remarks>
[SuppressMessage("Usage", "VSTHRD200", Justification = "The names are those of Durable Task.")]
public interface IOrchestrationContext
{
    /// <summary>The orchestrator's registered name.</summary>
    string Name { get; }

    /// <summary>The id of this instance, unique in the task hub.</summary>
    string InstanceId { get; }

    /// <summary>The instance that called this one as a sub-orchestration, or null for a root.</summary>
    string? ParentInstanceId { get; }

    /// <summary>The time of the decision being made: the same value at every replay.</summary>
    DateTime CurrentUtcDateTime { get; }

    /// <summary>True while the code only re-lives what its history already holds.</summary>
    bool IsReplaying { get; }

    /// <summary>The instance's input.</summary>
    /// <typeparam name="T">The type to read the recorded JSON as.</typeparam>
    T? GetInput<T>();

    /// <summary>Runs an activity at least once and returns its recorded result.</summary>
    /// <exception cref="TaskFailedException">The activity failed permanently: every attempt the retry policy allows, or a non-retryable
    /// error.</exception>
    Task<T> CallActivityAsync<T>(string name, object? input = null, TaskOptions? options = null);

    /// <inheritdoc cref="CallActivityAsync{T}(string, object?, TaskOptions?)"/>
    Task CallActivityAsync(string name, object? input = null, TaskOptions? options = null);

    /// <summary>Runs another orchestrator as an instance of its own and returns its output.</summary>
    /// <remarks>
    /// Give <see cref="SubOrchestrationOptions.InstanceId"/> to name the instance; the default derives from the parent's id and the call's
    /// position.
    /// </remarks>
    /// <exception cref="TaskFailedException">The sub-orchestration failed or was terminated.</exception>
    Task<T> CallSubOrchestratorAsync<T>(string name, object? input = null, TaskOptions? options = null);

    /// <summary>A timer that survives restarts.</summary>
    /// <param name="fireAtUtc">When it fires; a past time fires at once. On Azure Storage, which counts whole seconds, it may fire up to a
    /// second early.</param>
    /// <param name="cancellation">Cancels the timer, so that it no longer keeps the instance from completing.</param>
    Task CreateTimer(DateTime fireAtUtc, CancellationToken cancellation);

    /// <summary>
    /// Waits for an event raised to this instance. Events that come early are kept; those of one name are handed out in order.
    /// </summary>
    /// <param name="eventName">The event's name, compared without case.</param>
    /// <param name="cancellation">Stops waiting; the event then stays for the next waiter.</param>
    Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellation = default);

    /// <summary>Raises an event to another instance.</summary>
    void SendEvent(string instanceId, string eventName, object? payload);

    /// <summary>Publishes a small JSON value that clients see as the instance's custom status.</summary>
    /// <exception cref="CustomStatusTooLargeException">It is longer than <see cref="CustomStatus.MaxCharacters"/>.</exception>
    void SetCustomStatus(object? status);

    /// <summary>Ends this execution and begins the instance again with an empty history.</summary>
    /// <param name="newInput">The next execution's input.</param>
    /// <param name="preserveUnprocessedEvents">Whether events that nobody has taken yet go along. On Durable Task later ones may overtake
    /// them.</param>
    void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    /// <summary>A deterministic GUID: the same at every replay.</summary>
    Guid NewGuid();

    /// <summary>A logger that is silent while replaying.</summary>
    ILogger CreateReplaySafeLogger(string category);
}
