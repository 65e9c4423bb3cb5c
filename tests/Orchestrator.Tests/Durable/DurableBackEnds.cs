using DurableTask.AzureStorage;
using DurableTask.Core;
using Microsoft.DurableTask.Testing.Sidecar;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>Where Durable Task keeps its state in a test: opened again by every host that starts, over the same state.</summary>
internal interface IDurableBackEnd
{
    /// <summary>Opens it.</summary>
    Task<(IOrchestrationService Service, IOrchestrationServiceClient Client)> OpenAsync();
}

/// <summary>The back end of memory.</summary>
internal sealed class MemoryBackEnd : IDurableBackEnd
{
    private readonly InMemoryOrchestrationService memory = new();

    public Task<(IOrchestrationService Service, IOrchestrationServiceClient Client)> OpenAsync() =>
        Task.FromResult<(IOrchestrationService, IOrchestrationServiceClient)>((memory, memory));
}

/// <summary>The back end of production, in an Azure Storage account with tables.</summary>
/// <param name="connectionString">The account.</param>
/// <param name="extendedSessions">Whether orchestrations stay in the worker's memory between decisions: the worker of a Functions app can
/// do that.</param>
internal sealed class AzureStorageBackEnd(string connectionString, bool extendedSessions = false) : IDurableBackEnd
{
    private readonly string taskHub = $"t{Guid.NewGuid():N}";

    public async Task<(IOrchestrationService Service, IOrchestrationServiceClient Client)> OpenAsync()
    {
        var service = new AzureStorageOrchestrationService(new AzureStorageOrchestrationServiceSettings
        {
            TaskHubName = taskHub,
            StorageAccountClientProvider = new StorageAccountClientProvider(connectionString),
            // As in host.json and as the Functions extension sets them, but with the waits of a test.
            PartitionCount = 1,
            UseTablePartitionManagement = true,
            ThrowExceptionOnInvalidDedupeStatus = true,
            ExtendedSessionsEnabled = extendedSessions,
            // Long enough for a busy machine to go on from memory, short enough that a run's histories are replayed as well.
            ExtendedSessionIdleTimeout = TimeSpan.FromSeconds(1),
            MaxQueuePollingInterval = TimeSpan.FromMilliseconds(50),
            LeaseAcquireInterval = TimeSpan.FromMilliseconds(100),
            // What is held lapses only with its holder: a busy machine renews it late.
            WorkItemQueueVisibilityTimeout = TimeSpan.FromMinutes(5),
            ControlQueueVisibilityTimeout = TimeSpan.FromMinutes(5),
            LeaseRenewInterval = TimeSpan.FromSeconds(2),
            LeaseInterval = TimeSpan.FromMinutes(1),
        });
        await service.CreateIfNotExistsAsync();
        return (service, StorageClient.Over(service));
    }
}
