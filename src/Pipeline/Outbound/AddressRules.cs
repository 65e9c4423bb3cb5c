using System.Net;
using System.Net.Sockets;

namespace R1Cloud.Pipeline.Outbound;

/// <summary>Which addresses a host talks to on behalf of a configuration that does not say that they are private.</summary>
internal static class AddressRules
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. ((string[])
        [
            // RFC 6890 and the IANA registries of special-purpose addresses: this host and network, private use, shared space, loopback,
            // link-local (cloud metadata among them), protocol assignments, benchmarks, documentation, multicast, reserved.
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
            "fec0::/10", "ff00::/8",
        ]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96"), SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether an address is in the public internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6) return IsPublic(address.MapToIPv4());
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            // What lies behind is an address of version 4.
            var bytes = address.GetAddressBytes();
            if (Nat64.Contains(address)) return IsPublic(new IPAddress(bytes[12..]));
            if (SixToFour.Contains(address)) return IsPublic(new IPAddress(bytes[2..6]));
        }
        return !NotPublic.Any(network => network.Contains(address));
    }
}
