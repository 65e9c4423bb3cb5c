using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace R1Cloud.Shared.Storage;

/// <summary>How the storage clients behave.</summary>
public sealed record StorageOptions
{
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

    internal BlobClientOptions Blobs() => WithRetries(new BlobClientOptions());

    internal QueueClientOptions Queues() => WithRetries(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });

    private T WithRetries<T>(T options)
        where T : ClientOptions
    {
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
