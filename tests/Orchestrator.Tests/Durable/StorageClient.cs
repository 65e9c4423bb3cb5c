using System.Reflection;
using DurableTask.AzureStorage;
using DurableTask.Core;
using DurableTask.Core.Query;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>All that the side-car asks of a back end's client.</summary>
internal interface IStorageClient : IOrchestrationServiceClient, IOrchestrationServiceQueryClient, IOrchestrationServicePurgeClient;

/// <summary>
/// Durable Task's Azure Storage service, which is sealed, as a client. The side-car's answers cannot be made of an instance without tags;
/// the Functions host's can.
/// </summary>
public class StorageClient : DispatchProxy
{
    private AzureStorageOrchestrationService storage = null!;

    internal static IOrchestrationServiceClient Over(AzureStorageOrchestrationService storage)
    {
        var client = Create<IStorageClient, StorageClient>();
        ((StorageClient)(object)client).storage = storage;
        return client;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var result = targetMethod!.Invoke(storage, BindingFlags.DoNotWrapExceptions, null, args, null);
        return result is Task<OrchestrationState> state ? WithTagsAsync(state) : result;
    }

    private static async Task<OrchestrationState> WithTagsAsync(Task<OrchestrationState> asked)
    {
        var state = await asked;
        if (state is not null) state.Tags ??= new Dictionary<string, string>();
        return state!;
    }
}
