using System.Net;
using System.Net.Sockets;
using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Where the API listens.</summary>
internal static class ListenAddress
{
    /// <summary>Makes sure, before anything is started, that the address can be listened at.</summary>
    /// <returns>The options, with another port where the one in them is taken and any will do.</returns>
    /// <exception cref="EnvironmentException">It is taken, or may not be used without an API key.</exception>
    public static LocalHostOptions Choose(LocalHostOptions options)
    {
        if (!IPAddress.IsLoopback(options.Address) && string.IsNullOrEmpty(options.ApiKey))
        {
            throw new EnvironmentException(
                $"Listening at {options.Address} opens the API to other machines: set R1_API_KEY (or pass --api-key-file FILE), "
                + "or leave out --bind to stay on loopback.");
        }

        using var listener = new TcpListener(options.Address, options.Port);
        try
        {
            listener.Start();
            return options;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && options.AnyPortWillDo)
        {
            return options with { Port = 0 };
        }
        catch (SocketException e)
        {
            throw Taken(options, e);
        }
    }

    /// <summary>The error for an address that cannot be listened at.</summary>
    public static EnvironmentException Taken(LocalHostOptions options, Exception inner) =>
        inner is SocketException { SocketErrorCode: not SocketError.AddressAlreadyInUse } other
        ? new EnvironmentException($"Cannot listen at {options.Address}:{options.Port}: {other.Message}.", other)
        : new EnvironmentException(
            $"Port {options.Port} is in use by another program. Pass --port N for another one, or --port 0 for any free one.", inner);
}
