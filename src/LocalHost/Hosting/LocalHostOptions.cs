using System.Net;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>How a host is set up.</summary>
internal sealed record LocalHostOptions
{
    /// <summary>The port when none is named.</summary>
    public const int DefaultPort = 7171;

    /// <summary>The data folder.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The address to listen at.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Whether it listens at all addresses of the machine.</summary>
    public bool IsOnEveryAddress => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <summary>Whether any free port does when that one is taken, by another user's program for one: nobody chose it.</summary>
    public bool AnyPortWillDo { get; init; }

    /// <summary>What requests must carry; null makes a new key at each start, which is for loopback only.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Folders below which recipes that come over HTTP may name data files and models of this machine.</summary>
    public IReadOnlyList<string> FileFolders { get; init; } = [];

    /// <summary>Workers a run, whatever its recipe says; null leaves it to the recipe.</summary>
    public int? Workers { get; init; }

    /// <summary>The GPUs that workers use, one each; null leaves the device to the recipe.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }

    /// <summary>Names another trainer; see <see cref="LocalHost.WorkerProcesses.WorkerCommand.OverrideVariable"/>.</summary>
    public string? GpuJob { get; init; }

    /// <summary>Names another Azurite; see <see cref="AzuritePackage.OverrideVariable"/>.</summary>
    public string? Azurite { get; init; }

    /// <summary>Leads all that is said to storage past another program; see <see cref="LocalHost.Azurite.StorageDetour"/>.</summary>
    public string? StorageDetour { get; init; }

    /// <summary>The services that recipes may name, as <see cref="Pipeline.Options.HostServices.Variable"/> has them.</summary>
    public string? Services { get; init; }

    /// <summary>Whether the log also goes to the standard error.</summary>
    public bool LogToConsole { get; init; }
}
