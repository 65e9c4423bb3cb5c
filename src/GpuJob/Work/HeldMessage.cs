using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>A message while its job is at work: the last receipt, told to the worker's supervisor where it has one.</summary>
internal sealed class HeldMessage(IMessageQueue queue, QueueMessage message, string? leaseFile)
{
    /// <summary>The message as last renewed.</summary>
    public QueueMessage Message { get; private set; } = message;

    /// <summary>When the job was put on its queue.</summary>
    public DateTimeOffset? OrderedAt { get; } = message.InsertedAt;

    /// <summary>Tells the supervisor of it.</summary>
    public async Task HoldAsync()
    {
        if (leaseFile is null) return;
        try
        {
            await new MessageLease(queue.Name, Message, Environment.ProcessId).WriteAsync(leaseFile);
        }
        catch (StorageException)
        {
            // A full disk, say, which the job will tell of. An old receipt gives nothing back: the message lapses by itself then.
        }
    }

    /// <summary>Keeps it hidden longer.</summary>
    /// <returns>False when another worker has it.</returns>
    public async Task<bool> RenewAsync(TimeSpan visibility)
    {
        // Not cancelled half-way: the receipt would be lost with the answer.
        if (await queue.RenewAsync(Message, visibility, CancellationToken.None) is not { } renewed) return false;
        Message = renewed;
        await HoldAsync();
        return true;
    }

    /// <summary>Puts it back, visible after a while.</summary>
    public async Task GiveBackAsync(TimeSpan delay)
    {
        await queue.RenewAsync(Message, delay, CancellationToken.None);
        Forget();
    }

    /// <summary>Removes it: its job is done.</summary>
    public async Task DeleteAsync()
    {
        await queue.DeleteAsync(Message, CancellationToken.None);
        Forget();
    }

    /// <summary>It is no longer this worker's.</summary>
    public void Forget()
    {
        if (leaseFile is not null) MessageLease.Remove(leaseFile);
    }
}
