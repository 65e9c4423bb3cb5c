using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace R1Cloud.Shared.Storage;

/// <summary>How the storage clients behave.</summary>
public sealed record StorageOptions
{
    // One for the process: connections are kept and shared.
    private static readonly HttpPipelineTransport Direct = new HttpClientTransport(
        new HttpClient(
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 50 }) {
                Timeout = Timeout.InfiniteTimeSpan });

    /// <summary>The blob container.</summary>
    public string Container { get; init; } = BlobLayout.Container;

    /// <summary>Tries after the first. With the delays below six of them span about six seconds.</summary>
    public int Retries { get; init; } = 6;

    /// <summary>Before the first retry; doubles each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a single request may stall.</summary>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether requests go through the proxy that the environment names, if any. It is for other machines: storage on this one, and
    /// Azurite, are never asked through it.
    /// </summary>
    public bool Proxy { get; init; } = true;

    /// <summary>Counts what is sent and received; null where nobody asks.</summary>
    public StorageTraffic? Traffic { get; init; }

    internal BlobClientOptions Blobs() => WithRetries(new BlobClientOptions());

    internal QueueClientOptions Queues() => WithRetries(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });

    private T WithRetries<T>(T options)
        where T : ClientOptions
    {
        if (!Proxy) options.Transport = Direct;
        if (Traffic is { } traffic) options.AddPolicy(traffic, HttpPipelinePosition.PerRetry);
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = Retries;
        options.Retry.Delay = RetryDelay;
        options.Retry.MaxDelay = MaxRetryDelay;
        options.Retry.NetworkTimeout = NetworkTimeout;
        options.Diagnostics.IsTelemetryEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }
}
