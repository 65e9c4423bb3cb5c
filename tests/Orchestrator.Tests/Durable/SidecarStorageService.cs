using System.Reflection;
using DurableTask.AzureStorage;
using DurableTask.Core;
using DurableTask.Core.History;
using DurableTask.Core.Query;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>All that a side-car asks of a back end's client.</summary>
internal interface ISidecarClient : IOrchestrationServiceClient, IOrchestrationServiceQueryClient, IOrchestrationServicePurgeClient;

/// <summary>
/// Stands between the test host's side-car, which was written for the back end of memory, and Durable Task's Azure Storage service, which is
/// sealed: what the side-car does otherwise than the Functions host is put right, everything else goes through.
/// </summary>
public class SidecarStorageService : DispatchProxy
{
    private readonly Lock stopping = new();
    private AzureStorageOrchestrationService storage = null!;
    private bool started;
    private Task? stopped;

    /// <summary>The service as the side-car may call it.</summary>
    /// <typeparam name="T">Which of its interfaces.</typeparam>
    public static T Over<T>(AzureStorageOrchestrationService storage)
        where T : class
    {
        var proxy = Create<T, SidecarStorageService>();
        ((SidecarStorageService)(object)proxy).storage = storage;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IOrchestrationService.CompleteTaskOrchestrationWorkItemAsync))
        {
            MakeStorable(((OrchestrationRuntimeState)args![1]!).NewEvents, (OrchestrationState)args[6]!);
            foreach (var message in (IList<TaskMessage>)args[3]!) MakeStorable(message);
        }
        if (targetMethod.Name == nameof(IOrchestrationService.StopAsync)) return StopOnceAsync();
        started |= targetMethod.Name == nameof(IOrchestrationService.StartAsync);
        var result = targetMethod.Invoke(storage, BindingFlags.DoNotWrapExceptions, null, args, null);
        return result is Task<OrchestrationState> state ? WithTagsAsync(state) : result;
    }

    /// <summary>The side-car stops the service when its last activity has ended, which may be never; a test's host does so too.</summary>
    private Task StopOnceAsync()
    {
        lock (stopping) return stopped ??= started ? storage.StopAsync(isForced: true) : Task.CompletedTask;
    }

    /// <summary>
    /// The side-car records a sub-orchestration by an event type of its own that is no data contract. The history table keeps nothing of such
    /// an event, and a history with an empty row is never read again: the parent would hang. Of a failure it leaves out the details, which
    /// the Functions host records.
    /// </summary>
    private static void MakeStorable(IList<HistoryEvent> events, OrchestrationState state)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is ExecutionCompletedEvent { FailureDetails: null } completed && state?.FailureDetails is { } failure)
                events[i] = new ExecutionCompletedEvent(completed.EventId, completed.Result, completed.OrchestrationStatus, failure) { Timestamp = completed.Timestamp };
            if (events[i] is SubOrchestrationInstanceCreatedEvent created && created.GetType() != typeof(SubOrchestrationInstanceCreatedEvent))
            {
                events[i] = new SubOrchestrationInstanceCreatedEvent(created.EventId)
                {
                    Name = created.Name,
                    Version = created.Version,
                    InstanceId = created.InstanceId,
                    Input = created.Input,
                    Timestamp = created.Timestamp,
                };
            }
        }
    }

    /// <summary>It starts a sub-orchestration with tags in protobuf's own collection, which a message of the control queue cannot be read back with: the child would never start.</summary>
    private static void MakeStorable(TaskMessage message)
    {
        if (message.Event is ExecutionStartedEvent { Tags: { } tags } started) started.Tags = new Dictionary<string, string>(tags);
    }

    /// <summary>The side-car's answers cannot be made of an instance without tags.</summary>
    private static async Task<OrchestrationState> WithTagsAsync(Task<OrchestrationState> asked)
    {
        var state = await asked;
        if (state is not null) state.Tags ??= new Dictionary<string, string>();
        return state!;
    }
}
