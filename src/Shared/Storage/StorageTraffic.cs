using Azure.Core;
using Azure.Core.Pipeline;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// Counts what goes to a storage and comes from it: bodies as their headers tell their length, tries that failed included.
/// </summary>
public sealed class StorageTraffic : HttpPipelineSynchronousPolicy
{
    private long requests, sent, received;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref requests);

    /// <summary>Bytes sent so far.</summary>
    public long SentBytes => Interlocked.Read(ref sent);

    /// <summary>Bytes received so far.</summary>
    public long ReceivedBytes => Interlocked.Read(ref received);

    /// <inheritdoc/>
    public override void OnSendingRequest(HttpMessage message)
    {
        Interlocked.Increment(ref requests);
        if (message.Request.Content is { } content && content.TryComputeLength(out var length)) Interlocked.Add(ref sent, length);
    }

    /// <inheritdoc/>
    public override void OnReceivedResponse(HttpMessage message)
    {
        if (message.Response.Headers.ContentLengthLong is { } length) Interlocked.Add(ref received, length);
    }
}
