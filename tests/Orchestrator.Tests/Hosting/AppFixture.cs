using System.Diagnostics;
using System.Text;
using System.Text.Json;
using R1Cloud.Orchestrator.Tests.Durable;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Api;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>The app's process with its storage, workers for its run, and a queue trigger.</summary>
public sealed class AppFixture : IAsyncLifetime
{
    /// <summary>The run that has workers.</summary>
    public const string Run = "done";

    private readonly AzuriteTablesFixture azurite = new();
    private readonly CancellationTokenSource stop = new();
    private FakeWorkerPool? workers;
    private FunctionsHost? host;
    private Task? completed;
    private Task pump = Task.CompletedTask;

    internal FunctionsHost Host => host ?? throw new InvalidOperationException("The app has not started.");

    internal HttpClient Client => Host.Client!;

    public async ValueTask InitializeAsync()
    {
        await azurite.InitializeAsync();
        host = await FunctionsHost.StartAsync(
            new Dictionary<string, string> { [StorageConnection.Variable] = azurite.ConnectionString },
                new AzureStorageBackEnd(azurite.ConnectionString, extendedSessions: true));
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

    /// <summary>The run from its request to its end, once.</summary>
    public Task CompleteAsync() => completed ??= RunAsync(Run, TestRecipes.Json(), ApiCases.Key, TimeSpan.FromMinutes(30));

    /// <summary>A run of its own from its request to its end.</summary>
    internal async Task CompleteAsync(string id, string recipe, TimeSpan patience)
    {
        await workers!.EnsureAsync(id, new WorkersRecipe());
        await RunAsync(id, recipe, $"key of {id}", patience);
    }

    private async Task RunAsync(string id, string recipe, string key, TimeSpan patience)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"{ApiRoutes.Runs}?id={id}") { Content = new StringContent(recipe, Encoding.UTF8, "application/json") };
        request.Headers.Add(ApiRoutes.IdempotencyKeyHeader, key);
        using var created = await Client.SendAsync(request);
        created.IsSuccessStatusCode.ShouldBeTrue(await created.Content.ReadAsStringAsync());
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < patience; await Task.Delay(200))
        {
            using var answer = await Client.GetAsync($"/api/runs/{id}");
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException($"{(int)answer.StatusCode} {text} {await Host.DescribeAsync()}");
            var run = JsonSerializer.Deserialize<RunView>(text, R1Json.Options)!;
            if (run.Status == RunStatus.Completed) return;
            if (run.Status == RunStatus.Failed) break;
        }
        throw new InvalidOperationException(
            $"The run did not complete: {await Client.GetStringAsync($"/api/runs/{id}")} {await Host.DescribeAsync()}");
    }

    // What the host's queue trigger does.
    private async Task PumpAsync(IMessageQueue queue)
    {
        await queue.EnsureCreatedAsync();
        while (!stop.IsCancellationRequested)
        {
            foreach (var message in await queue.ReceiveAsync(16, TimeSpan.FromMinutes(30)))
            {
                await Host.InvokeAsync("complete-job", new() { ["string"] = message.Text });
                await queue.DeleteAsync(message);
            }
            await Task.Delay(20);
        }
    }
}
