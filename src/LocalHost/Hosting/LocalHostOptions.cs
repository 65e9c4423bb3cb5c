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

    /// <summary>What requests must carry; null asks for nothing, which is for loopback only.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Workers a run, whatever its recipe says; null leaves it to the recipe.</summary>
    public int? Workers { get; init; }

    /// <summary>The GPUs that workers use, one each; null leaves the device to the recipe.</summary>
    public IReadOnlyList<int>? Gpus { get; init; }

    /// <summary>Names another trainer; see <see cref="LocalHost.Workers.WorkerCommand.OverrideVariable"/>.</summary>
    public string? GpuJob { get; init; }

    /// <summary>Names another Azurite; see <see cref="AzuritePackage.OverrideVariable"/>.</summary>
    public string? Azurite { get; init; }

    /// <summary>Whether the log also goes to the standard error.</summary>
    public bool LogToConsole { get; init; }
}
