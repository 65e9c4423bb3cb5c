using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>What a caller may hold of the server: so many connections, and each no longer than it has something to say.</summary>
internal static class ConnectionLimits
{
    /// <summary>Connections at a time; what is beyond is closed at once.</summary>
    public const int Connections = 256;

    /// <summary>Sets them.</summary>
    public static void Apply(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = Connections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = 2 << 20; // a recipe has half as much at most, which its reader says with an answer
        limits.MaxRequestHeadersTotalSize = 32 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 4096, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
        limits.Http2.MaxStreamsPerConnection = 16;
    }
}
