using Microsoft.Extensions.Logging;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>A custom status that can say what its orchestration waits for.</summary>
internal interface IWaitingStatus
{
    /// <summary>The same status with what is waited for, cut to the room that is left; null for nothing.</summary>
    object With(string? waiting);
}

/// <summary>
/// Makes an orchestration's status say what its activities wait for. It says so with the decision after the failure, and no longer with the
/// one after the attempt that succeeds: no call is added, so histories begun without it go on.
/// </summary>
/// <param name="inner">The host's context.</param>
/// <param name="initial">The status while the orchestrator has published none.</param>
internal sealed class WaitingContext(IOrchestrationContext inner, IWaitingStatus initial) : IOrchestrationContext
{
    // By call, in the order in which they began to wait.
    private readonly SortedDictionary<int, string> waits = [];
    private object? status = initial;
    private int calls;

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public string InstanceId => inner.InstanceId;

    /// <inheritdoc/>
    public string? ParentInstanceId => inner.ParentInstanceId;

    /// <inheritdoc/>
    public DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

    /// <inheritdoc/>
    public bool IsReplaying => inner.IsReplaying;

    /// <inheritdoc/>
    public T? GetInput<T>() => inner.GetInput<T>();

    /// <inheritdoc/>
    public Task<T> CallActivityAsync<T>(string name, object? input = null, TaskOptions? options = null) =>
        WatchedAsync(name, options, watched => inner.CallActivityAsync<T>(name, input, watched));

    /// <inheritdoc/>
    public Task CallActivityAsync(string name, object? input = null, TaskOptions? options = null) => WatchedAsync(name, options,
        async watched =>
    {
        await inner.CallActivityAsync(name, input, watched);
        return true;
    });

    /// <inheritdoc/>
    public Task<T> CallSubOrchestratorAsync<T>(string name, object? input = null, TaskOptions? options = null) =>
        inner.CallSubOrchestratorAsync<T>(name, input, options);

    /// <inheritdoc/>
    public Task CreateTimer(DateTime fireAtUtc, CancellationToken cancellation) => inner.CreateTimer(fireAtUtc, cancellation);

    /// <inheritdoc/>
    public Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellation = default) =>
        inner.WaitForExternalEvent<T>(eventName, cancellation);

    /// <inheritdoc/>
    public void SendEvent(string instanceId, string eventName, object? payload) => inner.SendEvent(instanceId, eventName, payload);

    /// <inheritdoc/>
    public void SetCustomStatus(object? status)
    {
        this.status = status;
        Publish();
    }

    /// <inheritdoc/>
    public void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        inner.ContinueAsNew(newInput, preserveUnprocessedEvents);

    /// <inheritdoc/>
    public Guid NewGuid() => inner.NewGuid();

    /// <inheritdoc/>
    public ILogger CreateReplaySafeLogger(string category) => inner.CreateReplaySafeLogger(category);

    private async Task<T> WatchedAsync<T>(string name, TaskOptions? options, Func<TaskOptions?, Task<T>> run)
    {
        if (options?.Retry is not { Waited.Count: > 0 } retry) return await run(options);
        var call = ++calls;
        try
        {
            return await run(options with { Retry = retry with { OnWait = failure => Wait(call, name, retry, failure) } });
        }
        finally
        {
            if (waits.Remove(call)) Publish();
        }
    }

    private void Wait(int call, string name, RetryPolicy retry, FailureDetails failure)
    {
        // Other errors are tried again a few times within two minutes: nobody waits for what is away.
        var away = failure;
        while (away is not null && !retry.Waited.Any(type => away.IsOf(type))) away = away.Inner;
        var changed = away is null ? waits.Remove(call) : waits.GetValueOrDefault(call) != Text(name, away);
        if (away is not null) waits[call] = Text(name, away);
        if (changed) Publish();
    }

    private static string Text(string name, FailureDetails away) => $"{name}: {away.ErrorMessage}";

    private void Publish() => inner.SetCustomStatus(status is IWaitingStatus told && waits.Count > 0 ? told.With(Waiting()) : status);

    private string Waiting() => waits.Values.First() + (waits.Count > 1 ? $" (and {waits.Count - 1} more)" : "");
}
