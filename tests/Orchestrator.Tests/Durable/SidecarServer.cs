using System.Collections.Concurrent;
using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Middleware;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Proto = Microsoft.DurableTask.Protobuf;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>
/// The test host's gRPC service on Durable Task's own dispatcher, the one that the Functions host runs and that asks the worker in the same
/// way, by middleware. The test host's dispatcher is another: it forgets what an orchestration sends in the turn in which it begins again
/// (so the events that wait, which the worker keeps by sending them to the instance), and its records suit the back end of memory alone.
/// </summary>
public sealed class SidecarServer : TaskHubGrpcServer
{
    private readonly Channel<Proto.WorkItem> items = Channel.CreateUnbounded<Proto.WorkItem>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<object>> asked = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();
    private readonly TaskHubWorker dispatchers;

    public SidecarServer(IHostApplicationLifetime lifetime, ILoggerFactory log, IOrchestrationService service,
        IOrchestrationServiceClient client)
        : base(lifetime, log, service, client, Options.Create(new TaskHubGrpcServerOptions { Mode = TaskHubGrpcServerMode.ApiServerOnly }))
    {
        dispatchers = new TaskHubWorker(service, log) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        dispatchers.AddOrchestrationDispatcherMiddleware((context, _) => DecideAsync(context));
        dispatchers.AddActivityDispatcherMiddleware((context, _) => ActAsync(context));
    }

    /// <summary>Begins to take decisions and activities from the back end.</summary>
    public Task StartAsync() => dispatchers.StartAsync();

    /// <summary>Ends it; what is under way goes back.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await dispatchers.StopAsync(isForced: true);
    }

    public override async Task GetWorkItems(Proto.GetWorkItemsRequest request, IServerStreamWriter<Proto.WorkItem> responseStream,
        ServerCallContext context)
    {
        try
        {
            await foreach (var item in items.Reader.ReadAllAsync(context.CancellationToken)) await responseStream.WriteAsync(item);
        }
        catch (OperationCanceledException)
        {
            // The worker has gone.
        }
    }

    public override Task<Proto.CompleteTaskResponse> CompleteOrchestratorTask(Proto.OrchestratorResponse request,
        ServerCallContext context) => Answer(request.CompletionToken, request);

    public override Task<Proto.CompleteTaskResponse> CompleteActivityTask(Proto.ActivityResponse request, ServerCallContext context) =>
        Answer(request.CompletionToken, request);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing) return;
        dispatchers.Dispose();
        stop.Dispose();
    }

    private async Task DecideAsync(DispatchMiddlewareContext context)
    {
        var state = context.GetProperty<OrchestrationRuntimeState>();
        var work = context.GetProperty<WorkItemMetadata>();
        var request = new Proto.OrchestratorRequest { InstanceId = state.OrchestrationInstance!.InstanceId,
            ExecutionId = state.OrchestrationInstance.ExecutionId };
        // In an extended session the worker remembers the rest.
        if (work.IncludeState) request.PastEvents.Add(state.PastEvents.Select(ProtobufUtils.ToHistoryEventProto));
        request.NewEvents.Add(state.NewEvents.Select(ProtobufUtils.ToHistoryEventProto));
        request.Properties[nameof(work.IsExtendedSession)] = Value.ForBool(work.IsExtendedSession);
        request.Properties[nameof(work.IncludeState)] = Value.ForBool(work.IncludeState);
        request.Properties["ExtendedSessionIdleTimeoutInSeconds"] = Value.ForNumber(30);
        var response = await AskAsync<Proto.OrchestratorResponse>(new() { OrchestratorRequest = request });
        if (response.RequiresHistory) throw new SessionAbortedException("The worker has forgotten the session.");
        context.SetProperty(
            new OrchestratorExecutionResult { CustomStatus = response.CustomStatus, Actions = [.. response.Actions.Select(Action)] });
    }

    private async Task ActAsync(DispatchMiddlewareContext context)
    {
        var scheduled = context.GetProperty<TaskScheduledEvent>();
        var instance = context.GetProperty<OrchestrationInstance>();
        var response = await AskAsync<Proto.ActivityResponse>(new()
        {
            ActivityRequest = new()
            {
                Name = scheduled.Name, Version = scheduled.Version, Input = scheduled.Input, TaskId = scheduled.EventId,
                OrchestrationInstance = new() { InstanceId = instance.InstanceId, ExecutionId = instance.ExecutionId },
            },
        });
        context.SetProperty(new ActivityExecutionResult
        {
            ResponseEvent = response.FailureDetails is { } failure
                ? new TaskFailedEvent(-1, scheduled.EventId, failure.ErrorMessage, null, Failure(failure))
                : new TaskCompletedEvent(-1, scheduled.EventId, response.Result),
        });
    }

    private async Task<T> AskAsync<T>(Proto.WorkItem item)
    {
        item.CompletionToken = Guid.NewGuid().ToString("N");
        var answer = asked[item.CompletionToken] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        items.Writer.TryWrite(item);
        try
        {
            return (T)await answer.Task.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new SessionAbortedException("The host stops.", e);
        }
    }

    private Task<Proto.CompleteTaskResponse> Answer(string token, object response)
    {
        if (!asked.TryRemove(token, out var waiting))
            throw new RpcException(new Status(StatusCode.NotFound, $"Nothing waits for '{token}'."));
        waiting.TrySetResult(response);
        return Task.FromResult(new Proto.CompleteTaskResponse());
    }

    private static FailureDetails Failure(Proto.TaskFailureDetails sent) =>
        new(sent.ErrorType, sent.ErrorMessage, sent.StackTrace, sent.InnerFailure is { } inner ? Failure(inner) : null,
            sent.IsNonRetriable);

    // An action as the Functions host reads it: its tags can be stored, unlike protobuf's own collection.
    private static OrchestratorAction Action(Proto.OrchestratorAction sent)
    {
        var action = ProtobufUtils.ToOrchestratorAction(sent);
        if (action is CreateSubOrchestrationAction { Tags: { } tags } child) child.Tags = new Dictionary<string, string>(tags);
        return action;
    }
}
