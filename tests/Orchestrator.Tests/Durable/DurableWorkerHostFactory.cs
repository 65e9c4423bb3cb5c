using DurableTask.AzureStorage;
using DurableTask.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing.Sidecar;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using R1Cloud.Conformance;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>
/// Real Durable Task workers and clients, talking gRPC to a side-car as they do in the Functions host. The back end is one of memory, kept from
/// host to host, or with a connection string that of Azure Storage, a task hub of its own.
/// </summary>
internal sealed class DurableWorkerHostFactory(string? storage = null) : IOrchestrationHostFactory
{
    private readonly InMemoryOrchestrationService? memory = storage is null ? new() : null;
    private readonly string hub = "t" + Guid.NewGuid().ToString("n")[..12];

    public async Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry)
    {
        var sidecar = await StartSidecarAsync();
        var address = sidecar.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddDurableTaskWorker(worker => worker.AddTasks(tasks => tasks.AddAll(registry)).UseGrpc(address));
        builder.Services.AddDurableTaskClient(client => client.UseGrpc(address));
        var worker = builder.Build();
        await worker.StartAsync();
        return new DurableHost(sidecar, worker);
    }

    public async ValueTask DisposeAsync()
    {
        if (memory is null) await CreateStorageBackEnd().DeleteAsync();
    }

    private AzureStorageOrchestrationService CreateStorageBackEnd() => new(new AzureStorageOrchestrationServiceSettings
    {
        StorageAccountClientProvider = new StorageAccountClientProvider(storage!),
        TaskHubName = hub,
        PartitionCount = 1,
        MaxQueuePollingInterval = TimeSpan.FromMilliseconds(200),
        ControlQueueVisibilityTimeout = TimeSpan.FromSeconds(10),
        WorkItemQueueVisibilityTimeout = TimeSpan.FromSeconds(10),
        LeaseInterval = TimeSpan.FromSeconds(15),
        LeaseRenewInterval = TimeSpan.FromSeconds(4),
        LeaseAcquireInterval = TimeSpan.FromSeconds(4),
        UseAppLease = false,
    });

    private async Task<WebApplication> StartSidecarAsync()
    {
        IOrchestrationService service = memory is null ? CreateStorageBackEnd() : memory;
        await service.CreateIfNotExistsAsync();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(service).AddSingleton((IOrchestrationServiceClient)service).AddSingleton<TaskHubGrpcServer>();
        var app = builder.Build();
        app.MapGrpcService<TaskHubGrpcServer>();
        await app.StartAsync();
        return app;
    }

    private sealed class DurableHost(WebApplication sidecar, IHost worker) : IOrchestrationHost
    {
        public IOrchestrationClient Client { get; } = new DurableClient(new Source(worker.Services.GetRequiredService<DurableTaskClient>()), TimeProvider.System);

        public async ValueTask DisposeAsync()
        {
            await worker.StopAsync();
            worker.Dispose();
            await sidecar.StopAsync();
            await sidecar.DisposeAsync();
        }
    }

    private sealed class Source(DurableTaskClient client) : IDurableClientSource
    {
        public ValueTask<DurableTaskClient> GetAsync(CancellationToken cancellation = default) => new(client);
    }
}
