using System.Text.Json;
using Microsoft.DurableTask.Client;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>Durable Task's view of an instance as the port's.</summary>
internal static class InstanceStates
{
    /// <summary>The instance.</summary>
    public static OrchestrationState From(OrchestrationMetadata metadata)
    {
        var status = Status(metadata.RuntimeStatus);
        return new(
            metadata.InstanceId,
            metadata.Name,
            status,
            metadata.CreatedAt,
            metadata.LastUpdatedAt,
            metadata.Tags?.GetValueOrDefault(CallOptions.ParentTag),
            DurableJson.Parse(metadata.SerializedInput),
            status is OrchestrationStatus.Completed or OrchestrationStatus.Terminated ? DurableJson.Parse(metadata.SerializedOutput) : null,
            DurableJson.Parse(metadata.SerializedCustomStatus),
            status is OrchestrationStatus.Failed ? Failure(metadata) : null);
    }

    private static FailureDetails Failure(OrchestrationMetadata metadata) => metadata.FailureDetails is { } failure
        ? DurableFailures.From(failure)
        // Azure Storage keeps the failure's text alone, where the output would be.
        : FailureText.Parse(DurableJson.Parse(metadata.SerializedOutput) switch
        {
            null => "The orchestration failed without a word.",
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { } other => other.GetRawText(),
        });

    private static OrchestrationStatus Status(OrchestrationRuntimeStatus status) => status switch
    {
        OrchestrationRuntimeStatus.Pending => OrchestrationStatus.Pending,
        OrchestrationRuntimeStatus.Suspended => OrchestrationStatus.Suspended,
        OrchestrationRuntimeStatus.Completed => OrchestrationStatus.Completed,
        OrchestrationRuntimeStatus.Failed => OrchestrationStatus.Failed,
        OrchestrationRuntimeStatus.Terminated => OrchestrationStatus.Terminated,
        // Between two executions: ContinuedAsNew is on its way to Running.
        _ => OrchestrationStatus.Running,
    };
}
