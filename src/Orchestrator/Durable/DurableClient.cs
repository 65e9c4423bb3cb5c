using System.Runtime.CompilerServices;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>The client port on Durable Task.</summary>
/// <param name="source">Where the client comes from.</param>
/// <param name="clock">The clock.</param>
public sealed class DurableClient(IDurableClientSource source, TimeProvider clock) : IOrchestrationClient
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SuspendPatience = TimeSpan.FromSeconds(5);

    private static readonly OrchestrationRuntimeStatus[] UnfinishedStates =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    private static readonly string[] Unfinished =
        [nameof(OrchestrationRuntimeStatus.Pending), nameof(OrchestrationRuntimeStatus.Running),
            nameof(OrchestrationRuntimeStatus.Suspended)];

    private static readonly string[] Finished =
        [nameof(OrchestrationRuntimeStatus.Completed), nameof(OrchestrationRuntimeStatus.Failed),
            nameof(OrchestrationRuntimeStatus.Terminated)];

    /// <inheritdoc/>
    public async Task<bool> ScheduleNewAsync(string name, object? input, string instanceId, bool restartFinished = false,
        CancellationToken cancellation = default)
    {
        if (await IsTakenAsync(instanceId, restartFinished, cancellation)) return false;
        var options = new StartOrchestrationOptions(instanceId) { DedupeStatuses = restartFinished
            ? Unfinished : [.. Unfinished, .. Finished] };
        try
        {
            await CallAsync(client => client.ScheduleNewOrchestrationInstanceAsync(name, DurableJson.Element(input), options, cancellation),
                cancellation);
            return true;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever the back end calls it: when the instance is there now, another request was first.
            if (await IsTakenAsync(instanceId, restartFinished, cancellation)) return false;
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task RaiseEventAsync(string instanceId, string eventName, object? payload, CancellationToken cancellation = default)
    {
        if (await GetAsync(instanceId, cancellation) is { IsFinished: false })
            await (await ClientAsync(cancellation))
                .RaiseEventAsync(instanceId, eventName, DurableJson.Element(payload) ?? DurableJson.Null, cancellation);
    }

    /// <inheritdoc/>
    public async Task TerminateAsync(string instanceId, string? reason, CancellationToken cancellation = default)
    {
        if (await GetAsync(instanceId, cancellation) is not { IsFinished: false }) return;
        var client = await ClientAsync(cancellation);
        var children = await RunningChildrenAsync(client, instanceId, cancellation);
        await client.TerminateInstanceAsync(
            instanceId, new TerminateInstanceOptions(DurableJson.Element(reason), Recursive: true), cancellation);
        // Back ends that end children by themselves do nothing at the second request; others would leave them running.
        foreach (var child in children) await TerminateAsync(child, reason, cancellation);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Durable Task holds one instance at a time: this one first, so that it starts nothing more, then those it waits for.
    /// </remarks>
    public async Task SuspendAsync(string instanceId, string? reason, CancellationToken cancellation = default)
    {
        if (await GetAsync(instanceId, cancellation) is not { IsFinished: false } state) return;
        var client = await ClientAsync(cancellation);
        if (state.Status != OrchestrationStatus.Suspended)
        {
            await client.SuspendInstanceAsync(instanceId, reason, cancellation);
            await UntilSuspendedAsync(instanceId, cancellation);
        }
        foreach (var child in await RunningChildrenAsync(client, instanceId, cancellation)) await SuspendAsync(child, reason, cancellation);
    }

    /// <inheritdoc/>
    public async Task ResumeAsync(string instanceId, string? reason, CancellationToken cancellation = default)
    {
        if (await GetAsync(instanceId, cancellation) is not { IsFinished: false } state) return;
        var client = await ClientAsync(cancellation);
        foreach (var child in await RunningChildrenAsync(client, instanceId, cancellation)) await ResumeAsync(child, reason, cancellation);
        if (state.Status == OrchestrationStatus.Suspended) await client.ResumeInstanceAsync(instanceId, reason, cancellation);
    }

    /// <inheritdoc/>
    public async Task<OrchestrationState?> GetAsync(string instanceId, CancellationToken cancellation = default) =>
        await CallAsync(client => client.GetInstanceAsync(instanceId, getInputsAndOutputs: true, cancellation), cancellation) is { } found
            ? InstanceStates.From(found) : null;

    /// <inheritdoc/>
    public async IAsyncEnumerable<OrchestrationState> ListAsync(
        string idPrefix = "", bool unfinishedOnly = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var query = new OrchestrationQuery(Statuses: unfinishedOnly ? UnfinishedStates : null,
            InstanceIdPrefix: idPrefix.Length > 0 ? idPrefix : null, FetchInputsAndOutputs: false);
        var found = new List<OrchestrationState>();
        await foreach (var metadata in (await ClientAsync(cancellation)).GetAllInstancesAsync(query).WithCancellation(cancellation))
        {
            // Back ends differ in what they heed.
            if (!metadata.InstanceId.StartsWith(idPrefix, StringComparison.Ordinal)) continue;
            var state = InstanceStates.From(metadata) with { Input = null, Output = null, CustomStatus = null, Failure = null };
            if (!unfinishedOnly || !state.IsFinished) found.Add(state);
        }
        foreach (var state in found.OrderBy(state => state.CreatedAt).ThenBy(state => state.InstanceId, StringComparer.Ordinal))
            yield return state;
    }

    /// <inheritdoc/>
    public async Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellation)
    {
        while (true)
        {
            var state = await GetAsync(instanceId, cancellation)
                ?? throw new KeyNotFoundException($"There is no orchestration instance '{instanceId}'.");
            if (state.IsFinished) return state;
            await Task.Delay(Poll, clock, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> PurgeAsync(string instanceId, CancellationToken cancellation = default)
    {
        if (await CallAsync(client => client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellation), cancellation)
            is not { IsCompleted: true }) return false;
        return (await CallAsync(client => client.PurgeInstanceAsync(instanceId, cancellation), cancellation)).PurgedInstanceCount > 0;
    }

    // A call that its caller cancelled ends so, whatever the transport says of it.
    private async Task<T> CallAsync<T>(Func<DurableTaskClient, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call(await ClientAsync(cancellation));
        }
        catch (Exception e) when (e is not OperationCanceledException && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("The call to Durable Task was cancelled.", e, cancellation);
        }
    }

    private ValueTask<DurableTaskClient> ClientAsync(CancellationToken cancellation) => source.GetAsync(cancellation);

    private async Task<bool> IsTakenAsync(string instanceId, bool restartFinished, CancellationToken cancellation) =>
        await GetAsync(instanceId, cancellation) is { } state && !(state.IsFinished && restartFinished);

    private async Task UntilSuspendedAsync(string instanceId, CancellationToken cancellation)
    {
        var start = clock.GetTimestamp();
        while (clock.GetElapsedTime(start) < SuspendPatience
            && await GetAsync(instanceId, cancellation) is { IsFinished: false, Status: not OrchestrationStatus.Suspended })
            await Task.Delay(Poll, clock, cancellation);
    }

    // The sub-orchestrations that an instance waits for, by its history; where a back end gives out no histories, by their tag.
    private static async Task<IReadOnlyCollection<string>> RunningChildrenAsync(DurableTaskClient client, string instanceId,
        CancellationToken cancellation)
    {
        var history = await client.GetOrchestrationHistoryAsync(instanceId, cancellation);
        if (history.Count == 0) return await TaggedChildrenAsync(client, instanceId, cancellation);

        var begun = new Dictionary<int, string>();
        foreach (var item in history)
        {
            switch (item)
            {
                case SubOrchestrationInstanceCreatedEvent created: begun[created.EventId] = created.InstanceId; break;
                case SubOrchestrationInstanceCompletedEvent completed: begun.Remove(completed.TaskScheduledId); break;
                case SubOrchestrationInstanceFailedEvent failed: begun.Remove(failed.TaskScheduledId); break;
            }
        }
        return begun.Values;
    }

    private static async Task<IReadOnlyCollection<string>> TaggedChildrenAsync(DurableTaskClient client, string instanceId,
        CancellationToken cancellation)
    {
        var children = new List<string>();
        var query = new OrchestrationQuery(Statuses: UnfinishedStates);
        await foreach (var other in client.GetAllInstancesAsync(query).WithCancellation(cancellation))
        {
            var instance = await client.GetInstanceAsync(other.InstanceId, cancellation);
            if (instance?.Tags?.GetValueOrDefault(CallOptions.ParentTag) == instanceId) children.Add(other.InstanceId);
        }
        return children;
    }
}
