using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Tells a client that has left from a fault of the service: nobody reads an answer then, and the log has nothing to say.
/// </summary>
internal static class ClientDisconnect
{
    /// <summary>Whether an exception is the client's leaving. Anything else is a fault, even when the client has left meanwhile.</summary>
    public static bool IsCause(HttpContext context, Exception exception) => exception switch
    {
        ConnectionResetException or ConnectionAbortedException => true,
        OperationCanceledException or IOException or BadHttpRequestException => context.RequestAborted.IsCancellationRequested,
        _ => false,
    };
}
