using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using R1Cloud.Conformance;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>
/// Real Durable Task workers and clients over gRPC. They talk to a side-car over a back end, that of memory unless told otherwise, whose
/// state is kept from host to host; or, given an address, to the service there, for which the emulator of the Durable Task Scheduler will
/// do.
/// </summary>
internal sealed class DurableWorkerHostFactory(string? address = null, string taskHub = "default", IDurableBackEnd? backEnd = null)
    : IOrchestrationHostFactory
{
    private readonly IDurableBackEnd backEnd = backEnd ?? new MemoryBackEnd();

    public Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry) => StartAsync(registry, _ => { });

    /// <summary>Starts a host whose activities find these services.</summary>
    public async Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry, Action<IServiceCollection> configure)
    {
        var sidecar = address is null ? await Sidecar.StartAsync(backEnd) : null;
        var channel = GrpcChannel.ForAddress(sidecar?.Address ?? address!);
        var calls = channel.Intercept(metadata =>
        {
            metadata.Add("taskhub", taskHub);
            return metadata;
        });

        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        configure(builder.Services);
        builder.Services.AddDurableTaskWorker(worker =>
            worker.AddTasks(tasks => tasks.AddAll(registry)).UseGrpc(grpc => grpc.CallInvoker = calls));
        builder.Services.AddDurableTaskClient(client => client.UseGrpc(grpc => grpc.CallInvoker = calls));
        var worker = builder.Build();
        await worker.StartAsync();
        return new DurableHost(sidecar, channel, worker);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A running worker with its client.</summary>
internal sealed class DurableHost(Sidecar? sidecar, GrpcChannel channel, IHost worker) : IOrchestrationHost
{
    public DurableTaskClient DurableTask { get; } = worker.Services.GetRequiredService<DurableTaskClient>();

    public IServiceProvider Services => worker.Services;

    public IOrchestrationClient Client => field ??= new DurableClient(new Source(DurableTask), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await worker.StopAsync();
        worker.Dispose();
        channel.Dispose();
        if (sidecar is not null) await sidecar.DisposeAsync();
    }

    private sealed class Source(DurableTaskClient client) : IDurableClientSource
    {
        public ValueTask<DurableTaskClient> GetAsync(CancellationToken cancellation = default) => new(client);
    }
}
