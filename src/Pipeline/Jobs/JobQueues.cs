using System.Collections.Concurrent;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>Opens a queue by name without touching the network.</summary>
public delegate IMessageQueue OpenQueue(string name);

/// <summary>The queues that this process uses, each created once.</summary>
internal sealed class JobQueues(OpenQueue open)
{
    private readonly ConcurrentDictionary<string, IMessageQueue> ensured = new(StringComparer.Ordinal);

    /// <summary>The queue, created when there is none.</summary>
    public async Task<IMessageQueue> GetAsync(string name, CancellationToken cancellation)
    {
        if (ensured.TryGetValue(name, out var known)) return known;
        var queue = open(name);
        await queue.EnsureCreatedAsync(cancellation);
        return ensured.GetOrAdd(name, queue);
    }

    /// <summary>Removes the queue and its messages.</summary>
    public async Task DropAsync(string name, CancellationToken cancellation)
    {
        ensured.TryRemove(name, out _);
        await open(name).DropAsync(cancellation);
    }

    /// <summary>Forgets that the queue was created, so that the next use sees to it again.</summary>
    public void Forget(string name) => ensured.TryRemove(name, out _);
}
