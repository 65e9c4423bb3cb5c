using System.Net;
using System.Net.Sockets;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Where the API listens.</summary>
internal static class ListenAddress
{
    /// <summary>Makes sure, before anything is started, that the address can be listened at.</summary>
    /// <exception cref="EnvironmentException">It is taken, or may not be used without an API key.</exception>
    public static void Check(LocalHostOptions options)
    {
        if (!IPAddress.IsLoopback(options.Address) && string.IsNullOrEmpty(options.ApiKey))
        {
            throw new EnvironmentException(
                $"Listening at {options.Address} opens the API to other machines: pass --api-key KEY (or R1_API_KEY), or leave out --bind to stay on loopback.");
        }

        using var listener = new TcpListener(options.Address, options.Port);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw Taken(options, e);
        }
    }

    /// <summary>The error for an address that cannot be listened at.</summary>
    public static EnvironmentException Taken(LocalHostOptions options, Exception inner) => inner is SocketException { SocketErrorCode: not SocketError.AddressAlreadyInUse } other
        ? new EnvironmentException($"Cannot listen at {options.Address}:{options.Port}: {other.Message}.", other)
        : new EnvironmentException($"Port {options.Port} is in use by another program. Pass --port N for another one, or --port 0 for any free one.", inner);
}
