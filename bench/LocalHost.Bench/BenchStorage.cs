using R1Cloud.LocalHost.Azurite;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Bench;

/// <summary>An Azurite of a case's own over a temporary folder.</summary>
internal sealed class BenchStorage : IAsyncDisposable
{
    private readonly AzuriteProcess azurite;

    private BenchStorage(string folder, AzuriteProcess azurite)
    {
        (Folder, this.azurite) = (folder, azurite);
        Connection = StorageConnection.Open(azurite.ConnectionString);
    }

    /// <summary>A temporary folder, removed at the end.</summary>
    public string Folder { get; }

    /// <summary>What child processes need.</summary>
    public string ConnectionString => azurite.ConnectionString;

    /// <summary>The storage.</summary>
    public StorageConnection Connection { get; }

    /// <summary>Starts it.</summary>
    public static async Task<BenchStorage> StartAsync(string package)
    {
        var folder = Directory.CreateTempSubdirectory("r1-bench-").FullName;
        return new(folder,
            await AzuriteProcess.StartAsync(new() { PackageFolder = package, DataFolder = Path.Combine(folder, "azurite") }));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await azurite.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
