using Microsoft.DurableTask;
using Port = R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>The port's call options in Durable Task's terms.</summary>
internal static class CallOptions
{
    /// <summary>The tag that names a sub-orchestration's caller: Durable Task's client does not tell it otherwise.</summary>
    public const string ParentTag = "parent";

    /// <summary>For an activity; null where there is nothing to say.</summary>
    public static TaskOptions? ForActivity(Port.TaskOptions? options) =>
        Retry(options?.Retry) is { } retry ? new TaskOptions(retry) : null;

    /// <summary>For a sub-orchestration, with its instance id where one is given.</summary>
    /// <param name="options">The port's options.</param>
    /// <param name="parent">The caller.</param>
    public static SubOrchestrationOptions ForSubOrchestration(Port.TaskOptions? options, string parent) =>
        new(new TaskOptions(Retry(options?.Retry), new Dictionary<string, string> { [ParentTag] = parent }),
            (options as Port.SubOrchestrationOptions)?.InstanceId);

    /// <summary>
    /// A retry policy; null for a single attempt. The port's own rule decides, so that every host retries alike; the waits are durable
    /// timers.
    /// </summary>
    public static TaskRetryOptions? Retry(Port.RetryPolicy? policy) => policy is null
        ? null : TaskRetryOptions.FromRetryHandler(async context =>
    {
        var failure = DurableFailures.From(context.LastFailure);
        if (!policy.Allows(context.LastAttemptNumber, failure)) return false;
        policy.OnWait?.Invoke(failure);
        var orchestration = context.OrchestrationContext;
        await orchestration.CreateTimer(Instants.After(orchestration.CurrentUtcDateTime, policy.IntervalAfter(context.LastAttemptNumber)),
            context.CancellationToken);
        return true;
    });
}
