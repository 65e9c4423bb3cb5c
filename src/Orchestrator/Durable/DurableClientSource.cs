using Microsoft.DurableTask.Client;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>Gives out the Durable Task client.</summary>
public interface IDurableClientSource
{
    /// <summary>The client; waits while there is none yet.</summary>
    ValueTask<DurableTaskClient> GetAsync(CancellationToken cancellation = default);
}

/// <summary>
/// Keeps the client that the Functions host binds to an invocation, for services that live longer than one. The host gives every
/// invocation of a process a client of the same task hub, so the latest is as good as any.
/// </summary>
public sealed class DurableClientSource : IDurableClientSource
{
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile DurableTaskClient? latest;

    /// <summary>Takes an invocation's client.</summary>
    public void Set(DurableTaskClient client)
    {
        latest = client;
        first.TrySetResult();
    }

    /// <inheritdoc/>
    public async ValueTask<DurableTaskClient> GetAsync(CancellationToken cancellation = default)
    {
        if (latest is null) await first.Task.WaitAsync(cancellation);
        return latest!;
    }
}
