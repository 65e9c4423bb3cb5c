using System.Collections.Concurrent;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Queues in memory.</summary>
internal sealed class MemoryQueues
{
    private readonly ConcurrentDictionary<string, MemoryQueue> queues = new(StringComparer.Ordinal);

    public MemoryQueue Open(string name) => queues.GetOrAdd(name, _ => new(name));

    /// <summary>All messages, hidden ones too, by their queues' names.</summary>
    public IEnumerable<(string Queue, string Text)> Messages =>
        queues.Values.OrderBy(queue => queue.Name, StringComparer.Ordinal)
        .SelectMany(queue => queue.Texts.Select(text => (queue.Name, text)));
}

/// <summary>A queue in memory: messages taken are hidden for a while.</summary>
internal sealed class MemoryQueue(string name) : IMessageQueue
{
    private readonly List<(QueueMessage Message, DateTimeOffset VisibleAt)> messages = [];
    private int nextId;

    public string Name => name;

    /// <summary>How often something was put.</summary>
    public int Sent { get; private set; }

    /// <summary>The messages that are there, hidden ones too.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            lock (messages) return [.. messages.Select(entry => entry.Message.Text)];
        }
    }

    public Task EnsureCreatedAsync(CancellationToken cancellation = default) => Task.CompletedTask;

    public Task<SentMessage> SendAsync(string text, TimeSpan? delay = null, CancellationToken cancellation = default)
    {
        lock (messages)
        {
            Sent++;
            var id = $"{nextId++}";
            messages.Add((new(id, "", text, 0), DateTimeOffset.UtcNow + (delay ?? TimeSpan.Zero)));
            return Task.FromResult(new SentMessage(id, ""));
        }
    }

    public Task<bool> HoldsAsync(SentMessage message, CancellationToken cancellation = default)
    {
        lock (messages) return Task.FromResult(messages.Any(entry => entry.Message.Id == message.Id));
    }

    /// <summary>Loses a message, as storage may.</summary>
    public void Lose(string text)
    {
        lock (messages) messages.RemoveAll(entry => entry.Message.Text.Contains(text, StringComparison.Ordinal)).ShouldBePositive();
    }

    public Task<IReadOnlyList<QueueMessage>> ReceiveAsync(int max, TimeSpan visibility, CancellationToken cancellation = default)
    {
        var taken = new List<QueueMessage>();
        lock (messages)
        {
            for (var i = 0; i < messages.Count && taken.Count < max; i++)
            {
                if (messages[i].VisibleAt > DateTimeOffset.UtcNow) continue;
                var message = messages[i]
                    .Message with { DequeueCount = messages[i].Message.DequeueCount + 1, Receipt = Guid.NewGuid().ToString() };
                messages[i] = (message, DateTimeOffset.UtcNow + visibility);
                taken.Add(message);
            }
        }
        return Task.FromResult<IReadOnlyList<QueueMessage>>(taken);
    }

    public Task<QueueMessage?> RenewAsync(QueueMessage message, TimeSpan visibility, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task DeleteAsync(QueueMessage message, CancellationToken cancellation = default)
    {
        lock (messages) messages.RemoveAll(entry => entry.Message.Id == message.Id && entry.Message.Receipt == message.Receipt);
        return Task.CompletedTask;
    }

    public Task<int> CountAsync(CancellationToken cancellation = default)
    {
        lock (messages) return Task.FromResult(messages.Count);
    }

    public Task DropAsync(CancellationToken cancellation = default)
    {
        lock (messages) messages.Clear();
        return Task.CompletedTask;
    }
}
