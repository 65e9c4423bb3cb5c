using R1Cloud.LocalHost.Azurite;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>This machine's storage service: Azurite as a child process.</summary>
internal sealed class LocalStorage : IAsyncDisposable
{
    private readonly AzuriteProcess azurite;
    private readonly StorageConnection connection;

    private LocalStorage(AzuriteProcess azurite, string? detour)
    {
        this.azurite = azurite;
        ConnectionString = StorageDetour.Take(azurite.ConnectionString, detour);
        connection = StorageConnection.Open(ConnectionString);
        Exited = WatchAsync();
    }

    /// <summary>Its connection string.</summary>
    public string ConnectionString { get; }

    /// <summary>The runs' blobs.</summary>
    public IBlobStore Blobs => connection.Blobs;

    /// <summary>Ends with the reason when it ends unasked.</summary>
    public Task<string> Exited { get; }

    /// <summary>Starts it on free ports.</summary>
    /// <param name="data">Where its data is.</param>
    /// <param name="packageFolder">Azurite's package.</param>
    /// <param name="cancellation">Stops.</param>
    /// <param name="detour">Leads all that is said to it past another program; see <see cref="StorageDetour"/>.</param>
    /// <exception cref="EnvironmentException">Node.js or Azurite is missing, or it does not start.</exception>
    public static async Task<LocalStorage> StartAsync(DataFolder data, string packageFolder, CancellationToken cancellation,
        string? detour = null)
    {
        try
        {
            var options = new AzuriteOptions { PackageFolder = packageFolder, DataFolder = data.Azurite };
            return new(await AzuriteProcess.StartAsync(options, cancellation), detour);
        }
        catch (AzuriteException e)
        {
            throw new EnvironmentException(e.Message, e);
        }
    }

    /// <summary>Opens a queue by name.</summary>
    public IMessageQueue OpenQueue(string name) => connection.Queue(name);

    /// <summary>Ends it at once.</summary>
    public void Kill() => azurite.Kill();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => azurite.DisposeAsync();

    private async Task<string> WatchAsync()
    {
        await azurite.Exited;
        return $"The storage service (Azurite) has ended; the same command goes on where it stopped. {azurite.LastWords}".TrimEnd();
    }
}
