using System.Runtime.CompilerServices;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Counts what is asked of an engine.</summary>
internal sealed class CountingClient(IOrchestrationClient inner) : IOrchestrationClient
{
    private int calls;

    /// <summary>Calls so far, and instances that listings gave out.</summary>
    public int Calls => calls;
    public int Listed { get; private set; }

    public void Reset() => (calls, Listed) = (0, 0);

    public Task<bool> ScheduleNewAsync(string name, object? input, string instanceId, bool restartFinished = false,
        CancellationToken cancellation = default) =>
        Counted().ScheduleNewAsync(name, input, instanceId, restartFinished, cancellation);

    public Task RaiseEventAsync(string instanceId, string eventName, object? payload, CancellationToken cancellation = default) =>
        Counted().RaiseEventAsync(instanceId, eventName, payload, cancellation);

    public Task TerminateAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        Counted().TerminateAsync(instanceId, reason, cancellation);

    public Task SuspendAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        Counted().SuspendAsync(instanceId, reason, cancellation);

    public Task ResumeAsync(string instanceId, string? reason, CancellationToken cancellation = default) =>
        Counted().ResumeAsync(instanceId, reason, cancellation);

    public Task<OrchestrationState?> GetAsync(string instanceId, CancellationToken cancellation = default) =>
        Counted().GetAsync(instanceId, cancellation);

    public async IAsyncEnumerable<OrchestrationState> ListAsync(
        string idPrefix = "", bool unfinishedOnly = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var state in Counted().ListAsync(idPrefix, unfinishedOnly, cancellation))
        {
            Listed++;
            yield return state;
        }
    }

    public Task<OrchestrationState> WaitForCompletionAsync(string instanceId, CancellationToken cancellation) =>
        Counted().WaitForCompletionAsync(instanceId, cancellation);

    public Task<bool> PurgeAsync(string instanceId, CancellationToken cancellation = default) =>
        Counted().PurgeAsync(instanceId, cancellation);

    private IOrchestrationClient Counted()
    {
        Interlocked.Increment(ref calls);
        return inner;
    }
}
