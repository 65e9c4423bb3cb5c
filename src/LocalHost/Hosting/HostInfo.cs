using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>A host's word about itself, for the client commands: <c>host.json</c>, which its user alone may read.</summary>
/// <param name="ProcessId">Its process.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Version">The product's version.</param>
/// <param name="Url">Its address; null while it starts.</param>
/// <param name="Key">What requests must carry.</param>
internal sealed record HostInfo(
    [property: JsonPropertyName("pid")] int ProcessId, DateTimeOffset StartedAt, string Version, string? Url = null, string? Key = null)
{
    /// <summary>This build's version.</summary>
    public static string ProductVersion { get; } = typeof(HostInfo).Assembly.GetName().Version!.ToString(3);

    /// <summary>Whether its process lives and is this user's.</summary>
    public bool IsAlive()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return !process.HasExited
                && FileStatus.Of("/proc/" + ProcessId.ToString(CultureInfo.InvariantCulture)) is null or { IsOwn: true };
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>A host that runs on this machine.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Key">Its key.</param>
internal sealed record RunningHost(Uri Address, string? Key);
