using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>This machine's storage service: Azurite as a child process.</summary>
internal sealed class LocalStorage : IAsyncDisposable
{
    /// <summary>Its connection string.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The runs' blobs.</summary>
    public required IBlobStore Blobs { get; init; }

    /// <summary>Ends with the reason when it ends unasked.</summary>
    public Task<string> Exited { get; } = new TaskCompletionSource<string>().Task;

    /// <summary>Starts it on free ports.</summary>
    public static Task<LocalStorage> StartAsync(DataFolder data, CancellationToken cancellation) =>
        throw new EnvironmentException("Azurite comes with the storage branch.");

    /// <summary>Opens a queue by name.</summary>
    public IMessageQueue OpenQueue(string name) => throw new NotSupportedException(name);

    /// <summary>Ends it at once.</summary>
    public void Kill() => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
