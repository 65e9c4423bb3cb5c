namespace R1Cloud.Shared.Storage;

/// <summary>An Azure Storage queue: at-least-once, messages reappear when nobody renews or deletes them.</summary>
public interface IMessageQueue
{
    /// <summary>The queue's name.</summary>
    string Name { get; }

    /// <summary>Creates the queue when there is none.</summary>
    Task EnsureCreatedAsync(CancellationToken cancellation = default);

    /// <summary>Puts a message.</summary>
    /// <param name="text">At most 48 KiB of text.</param>
    /// <param name="delay">Keeps it invisible at first.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>What <see cref="HoldsAsync"/> finds the message by.</returns>
    Task<SentMessage> SendAsync(string text, TimeSpan? delay = null, CancellationToken cancellation = default);

    /// <summary>Takes up to 32 messages and hides them for a while. Returns at once, with none when there are none.</summary>
    Task<IReadOnlyList<QueueMessage>> ReceiveAsync(int max, TimeSpan visibility, CancellationToken cancellation = default);

    /// <summary>Keeps a taken message hidden longer: the heartbeat.</summary>
    /// <returns>The message with its new receipt, or null when it was lost to another receiver or is gone.</returns>
    Task<QueueMessage?> RenewAsync(QueueMessage message, TimeSpan visibility, CancellationToken cancellation = default);

    /// <summary>Removes a taken message; a message lost to another receiver is left to it.</summary>
    Task DeleteAsync(QueueMessage message, CancellationToken cancellation = default);

    /// <summary>Whether a message that was put is still there, waiting or taken by somebody. Leaves it as it is.</summary>
    Task<bool> HoldsAsync(SentMessage message, CancellationToken cancellation = default);

    /// <summary>About how many messages there are.</summary>
    Task<int> CountAsync(CancellationToken cancellation = default);

    /// <summary>Removes the queue and all its messages.</summary>
    Task DropAsync(CancellationToken cancellation = default);
}

/// <summary>A message taken from a queue.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Receipt">The receipt of this taking.</param>
/// <param name="Text">Its text.</param>
/// <param name="DequeueCount">How often it was taken, this time included.</param>
/// <param name="InsertedAt">When it was put there, by the storage's clock; null where the queue does not tell.</param>
public sealed record QueueMessage(string Id, string Receipt, string Text, long DequeueCount, DateTimeOffset? InsertedAt = null);

/// <summary>A message that was put into a queue.</summary>
/// <param name="Id">Its id, which stays until it is removed.</param>
/// <param name="Receipt">The receipt of its putting, which ends when it is first taken.</param>
public sealed record SentMessage(string Id, string Receipt);
