using System.Net;

namespace R1Cloud.LocalHost.Client;

/// <summary>The run API refused a request.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">The problem's title and detail.</param>
internal sealed class RequestRefusedException(HttpStatusCode status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>Whether the request was at fault and not the service.</summary>
    public bool IsBadInput => (int)Status is >= 400 and < 500;
}
