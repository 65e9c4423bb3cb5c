using DurableTask.Core;
using Grpc.Core;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using EventRaisedEvent = DurableTask.Core.History.EventRaisedEvent;
using Proto = Microsoft.DurableTask.Protobuf;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>
/// The test host's gRPC service, with one thing put right. An orchestration that begins anew keeps the events that wait by sending them to
/// itself: so does Durable Task's worker. The test host forgets what was sent in such a turn; Durable Task's dispatcher, which the Functions
/// host runs, sends it when the turn is over.
/// </summary>
public sealed class SidecarServer(
    IHostApplicationLifetime lifetime, ILoggerFactory log, IOrchestrationService service, IOrchestrationServiceClient client, IOptions<TaskHubGrpcServerOptions> options)
    : TaskHubGrpcServer(lifetime, log, service, client, options)
{
    private readonly IOrchestrationServiceClient client = client;

    public override async Task<Proto.CompleteTaskResponse> CompleteOrchestratorTask(Proto.OrchestratorResponse request, ServerCallContext context)
    {
        if (request.Actions.Any(action => action.CompleteOrchestration?.OrchestrationStatus == Proto.OrchestrationStatus.ContinuedAsNew))
        {
            foreach (var sent in request.Actions.Select(action => action.SendEvent).OfType<Proto.SendEventAction>())
            {
                await client.SendTaskOrchestrationMessageAsync(new TaskMessage
                {
                    Event = new EventRaisedEvent(-1, sent.Data) { Name = sent.Name },
                    OrchestrationInstance = new() { InstanceId = sent.Instance.InstanceId },
                });
            }
        }
        return await base.CompleteOrchestratorTask(request, context);
    }
}
