namespace R1Cloud.Shared.Storage;

/// <summary>A queue whose every change is one of <see cref="CrashPoints"/>, but the taking of messages, which nobody relies on.</summary>
/// <param name="inner">The queue.</param>
internal sealed class CrashingQueue(IMessageQueue inner) : IMessageQueue
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    private bool OfCompletions => Name == BlobLayout.CompletionsQueue;

    /// <inheritdoc/>
    public async Task EnsureCreatedAsync(CancellationToken cancellation = default)
    {
        CrashPoints.Before(BlobPoints.QueueMade);
        await inner.EnsureCreatedAsync(cancellation);
        CrashPoints.After(BlobPoints.QueueMade);
    }

    /// <inheritdoc/>
    public async Task<SentMessage> SendAsync(string text, TimeSpan? delay = null, CancellationToken cancellation = default)
    {
        var point = OfCompletions ? BlobPoints.CompletionSent : BlobPoints.JobSent;
        CrashPoints.Before(point);
        var sent = await inner.SendAsync(text, delay, cancellation);
        CrashPoints.After(point);
        return sent;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<QueueMessage>> ReceiveAsync(int max, TimeSpan visibility, CancellationToken cancellation = default) =>
        inner.ReceiveAsync(max, visibility, cancellation);

    /// <inheritdoc/>
    public async Task<QueueMessage?> RenewAsync(QueueMessage message, TimeSpan visibility, CancellationToken cancellation = default)
    {
        CrashPoints.Before(BlobPoints.JobRenewed);
        var renewed = await inner.RenewAsync(message, visibility, cancellation);
        CrashPoints.After(BlobPoints.JobRenewed);
        return renewed;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(QueueMessage message, CancellationToken cancellation = default)
    {
        var point = OfCompletions ? BlobPoints.CompletionDone : BlobPoints.JobDone;
        CrashPoints.Before(point);
        await inner.DeleteAsync(message, cancellation);
        CrashPoints.After(point);
    }

    /// <inheritdoc/>
    public Task<bool> HoldsAsync(SentMessage message, CancellationToken cancellation = default) => inner.HoldsAsync(message, cancellation);

    /// <inheritdoc/>
    public Task<int> CountAsync(CancellationToken cancellation = default) => inner.CountAsync(cancellation);

    /// <inheritdoc/>
    public async Task DropAsync(CancellationToken cancellation = default)
    {
        CrashPoints.Before(BlobPoints.QueueDropped);
        await inner.DropAsync(cancellation);
        CrashPoints.After(BlobPoints.QueueDropped);
    }
}
