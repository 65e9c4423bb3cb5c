using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>Chooses the workers' pool.</summary>
internal static class WorkerPoolRegistration
{
    /// <summary>The Batch account's address; without it there is no pool.</summary>
    public const string EndpointSetting = "R1_BATCH_ENDPOINT";

    /// <summary>Adds the pool that the settings name.</summary>
    public static IServiceCollection AddWorkerPool(this IServiceCollection services, IConfiguration settings)
    {
        if (settings[EndpointSetting] is not { Length: > 0 } endpoint) return services.AddSingleton<IWorkerPool, ManualWorkerPool>();
        return services
            .AddSingleton(BatchPoolOptions.Read(settings))
            .AddSingleton(provider => BatchClients.Create(endpoint, provider.GetRequiredService<TokenCredential>()))
            .AddSingleton<IWorkerPool, BatchWorkerPool>();
    }
}
