using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>The app's process with its storage, workers for its run, and a queue trigger.</summary>
public sealed class AppFixture : IAsyncLifetime
{
    /// <summary>The run that has workers.</summary>
    public const string Run = "done";

    private readonly AzuriteFixture azurite = new();
    private readonly CancellationTokenSource stop = new();
    private FakeWorkerPool? workers;
    private FunctionsHost? host;
    private Task pump = Task.CompletedTask;

    internal FunctionsHost Host => host ?? throw new InvalidOperationException("The app has not started.");

    internal HttpClient Client => Host.Client!;

    public async ValueTask InitializeAsync()
    {
        await azurite.InitializeAsync();
        host = await FunctionsHost.StartAsync(new Dictionary<string, string> { [StorageConnection.Variable] = azurite.ConnectionString });
        var storage = azurite.Open();
        workers = new FakeWorkerPool(storage.Blobs, storage.Queue);
        await workers.EnsureAsync(Run, new WorkersRecipe());
        pump = PumpAsync(storage.Queue(BlobLayout.CompletionsQueue));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await pump;
            if (workers is not null) await workers.DisposeAsync();
        }
        finally
        {
            if (host is not null) await host.DisposeAsync();
            await azurite.DisposeAsync();
            stop.Dispose();
        }
    }

    /// <summary>What the host's queue trigger does.</summary>
    private async Task PumpAsync(IMessageQueue queue)
    {
        await queue.EnsureCreatedAsync();
        while (!stop.IsCancellationRequested)
        {
            foreach (var message in await queue.ReceiveAsync(16, TimeSpan.FromSeconds(30)))
            {
                await Host.InvokeAsync("complete-job", new() { ["string"] = message.Text });
                await queue.DeleteAsync(message);
            }
            await Task.Delay(20);
        }
    }
}
