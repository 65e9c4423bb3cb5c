using R1Cloud.LocalHost.Azurite;
using R1Cloud.Shared.Storage;
using Xunit;

namespace R1Cloud.Testing;

/// <summary>
/// A running Azurite over a temporary folder, one for a test assembly: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>. Tests
/// keep apart by container and run id.
/// </summary>
public class AzuriteFixture : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private AzuriteProcess? azurite;

    /// <summary>What storage clients and child processes (<c>R1_STORAGE</c>) need.</summary>
    public string ConnectionString => azurite?.ConnectionString ?? throw new InvalidOperationException("Azurite is not running.");

    /// <summary>Whether its table service runs as well.</summary>
    protected virtual bool WithTables => false;

    /// <summary>Opens it.</summary>
    /// <param name="container">A blob container of the test's own; the usual one when null.</param>
    public StorageConnection Open(string? container = null) =>
        StorageConnection.Open(ConnectionString, options: new StorageOptions { Container = container ?? BlobLayout.Container });

    public async ValueTask InitializeAsync()
    {
        var options = new AzuriteOptions { PackageFolder = Repository.PathOf("eng", "azurite"), DataFolder = folder["azurite"],
            TablePort = WithTables ? 0 : null, StartTimeout = TimeSpan.FromMinutes(30) };
        await AzuriteInstall.EnsureAsync(options.PackageFolder, () => options.IsInstalled);
        azurite = await AzuriteProcess.StartAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        if (azurite is not null) await azurite.DisposeAsync();
        folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The same with tables, as Durable Task's Azure Storage back end needs them.</summary>
public sealed class AzuriteTablesFixture : AzuriteFixture
{
    protected override bool WithTables => true;
}
