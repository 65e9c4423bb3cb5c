using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>
/// Events that came before they were waited for, and waiters whose event has not come yet: first in, first out, a queue for each name.
/// </summary>
internal sealed class ExternalEvents
{
    // One list over all names: what is carried to the next execution keeps the order of arrival.
    private readonly LinkedList<EventRaised> unclaimed = new();
    private readonly LinkedList<(string Name, TaskCompletionSource<JsonElement> Source)> waiters = new();

    /// <summary>Whether somebody waits for an event.</summary>
    public bool HasWaiters => waiters.Count > 0;

    /// <summary>Events nobody has taken, oldest first.</summary>
    public IEnumerable<EventRaised> Unclaimed => unclaimed;

    /// <summary>Hands an event to the oldest waiter of its name, or keeps it.</summary>
    public void Deliver(EventRaised raised)
    {
        for (var node = waiters.First; node is not null; node = node.Next)
        {
            if (!SameName(node.Value.Name, raised.Name))
                continue;
            waiters.Remove(node);
            node.Value.Source.SetResult(raised.Payload);
            return;
        }
        unclaimed.AddLast(raised);
    }

    /// <summary>The oldest kept event of a name, or the next that comes.</summary>
    /// <param name="name">The event's name; case does not matter.</param>
    /// <param name="onCancel">Runs the given action when the wait is cancelled.</param>
    public Task<JsonElement> WaitAsync(string name, Action<Action> onCancel)
    {
        for (var node = unclaimed.First; node is not null; node = node.Next)
        {
            if (!SameName(node.Value.Name, name))
                continue;
            unclaimed.Remove(node);
            return Task.FromResult(node.Value.Payload);
        }

        var source = new TaskCompletionSource<JsonElement>();
        var waiter = waiters.AddLast((name, source));
        onCancel(() =>
        {
            if (source.TrySetCanceled())
                waiters.Remove(waiter);
        });
        return source.Task;
    }

    private static bool SameName(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
