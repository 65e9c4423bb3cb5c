using System.Globalization;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>A queue in memory whose messages are hidden by a clock of the test's.</summary>
internal sealed class ClockedQueue(string name, TimeProvider clock) : IMessageQueue
{
    private readonly Lock door = new();
    private readonly List<(QueueMessage Message, TimeSpan VisibleAt)> messages = [];
    private int made;

    public string Name => name;

    // A time of day that is set is the worker's, not the queue's.
    private TimeSpan Now => clock.GetElapsedTime(0);

    public Task EnsureCreatedAsync(CancellationToken cancellation = default) => Task.CompletedTask;

    public Task<SentMessage> SendAsync(string text, TimeSpan? delay = null, CancellationToken cancellation = default)
    {
        lock (door)
        {
            var message = new QueueMessage(Next(), Next(), text, 0);
            messages.Add((message, Now + (delay ?? TimeSpan.Zero)));
            return Task.FromResult(new SentMessage(message.Id, message.Receipt));
        }
    }

    public Task<IReadOnlyList<QueueMessage>> ReceiveAsync(int max, TimeSpan visibility, CancellationToken cancellation = default)
    {
        lock (door)
        {
            var taken = new List<QueueMessage>();
            for (var i = 0; i < messages.Count && taken.Count < max; i++)
            {
                if (messages[i].VisibleAt > Now) continue;
                taken.Add(messages[i].Message with { Receipt = Next(), DequeueCount = messages[i].Message.DequeueCount + 1 });
                messages[i] = (taken[^1], Now + visibility);
            }
            return Task.FromResult<IReadOnlyList<QueueMessage>>(taken);
        }
    }

    public Task<QueueMessage?> RenewAsync(QueueMessage message, TimeSpan visibility, CancellationToken cancellation = default)
    {
        lock (door)
        {
            if (Find(message) is not (>= 0 and var at)) return Task.FromResult<QueueMessage?>(null);
            messages[at] = (messages[at].Message with { Receipt = Next() }, Now + visibility);
            return Task.FromResult<QueueMessage?>(messages[at].Message);
        }
    }

    public Task DeleteAsync(QueueMessage message, CancellationToken cancellation = default)
    {
        lock (door)
        {
            if (Find(message) is >= 0 and var at) messages.RemoveAt(at);
        }
        return Task.CompletedTask;
    }

    public Task<bool> HoldsAsync(SentMessage message, CancellationToken cancellation = default)
    {
        lock (door) return Task.FromResult(messages.Exists(entry => entry.Message.Id == message.Id));
    }

    public Task<int> CountAsync(CancellationToken cancellation = default)
    {
        lock (door) return Task.FromResult(messages.Count);
    }

    public Task DropAsync(CancellationToken cancellation = default)
    {
        lock (door) messages.Clear();
        return Task.CompletedTask;
    }

    private int Find(QueueMessage message) =>
        messages.FindIndex(entry => entry.Message.Id == message.Id && entry.Message.Receipt == message.Receipt);

    private string Next() => (++made).ToString(CultureInfo.InvariantCulture);
}
