using System.Net;
using System.Net.Sockets;

namespace R1Cloud.Pipeline.Outbound;

/// <summary>
/// HTTP to services of the host's configuration. No redirect is followed and no proxy asked; unless an entry says that its service is
/// private, the connection goes to a public address or nowhere, whatever its name resolves to at that moment.
/// </summary>
public sealed class OutboundHttp : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient open = Create(privateToo: false), inside = Create(privateToo: true);

    /// <summary>Sends a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="privateToo">Whether the service may have a loopback, link-local or private address.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HttpRequestException">It could not be sent, or may not go there.</exception>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool privateToo, CancellationToken cancellation) =>
        (privateToo ? inside : open).SendAsync(request, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        open.Dispose();
        inside.Dispose();
    }

    private static HttpClient Create(bool privateToo) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = Patience,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectCallback = (context, stop) =>
            ConnectAsync(context.DnsEndPoint, privateToo, stop),
    }) { Timeout = Patience, MaxResponseContentBufferSize = 16 << 20 };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, bool privateToo, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellation);
        var allowed = privateToo ? addresses : [.. addresses.Where(AddressRules.IsPublic)];
        if (allowed.Length == 0)
            throw new HttpRequestException($"'{target.Host}' has no public address. Where its service is on this machine or in its "
                + $"network, its entry says so: \"private\": true.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
