using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>The orchestration port on Durable Task, one to one.</summary>
/// <param name="context">Durable Task's context.</param>
/// <param name="input">The instance's input, if any.</param>
internal sealed class DurableContext(TaskOrchestrationContext context, JsonElement? input) : IOrchestrationContext
{
    /// <inheritdoc/>
    public string Name => context.Name.Name;

    /// <inheritdoc/>
    public string InstanceId => context.InstanceId;

    /// <inheritdoc/>
    public string? ParentInstanceId => context.Parent?.InstanceId;

    /// <inheritdoc/>
    public DateTime CurrentUtcDateTime => context.CurrentUtcDateTime;

    /// <inheritdoc/>
    public bool IsReplaying => context.IsReplaying;

    /// <inheritdoc/>
    public T? GetInput<T>() => DurableJson.Read<T>(input);

    /// <inheritdoc/>
    public async Task<T> CallActivityAsync<T>(string name, object? input = null, Pipeline.Orchestration.TaskOptions? options = null) =>
        DurableJson.Read<T>(
            await DurableFailures.TranslateAsync(
                context.CallActivityAsync<JsonElement?>(name, DurableJson.Element(input), CallOptions.ForActivity(options))))!;

    /// <inheritdoc/>
    public Task CallActivityAsync(string name, object? input = null, Pipeline.Orchestration.TaskOptions? options = null) =>
        CallActivityAsync<JsonElement?>(name, input, options);

    /// <inheritdoc/>
    public async Task<T> CallSubOrchestratorAsync<T>(string name, object? input = null,
        Pipeline.Orchestration.TaskOptions? options = null) =>
        DurableJson.Read<T>(await DurableFailures.TranslateAsync(
            context.CallSubOrchestratorAsync<JsonElement?>(name, DurableJson.Element(input),
                CallOptions.ForSubOrchestration(options, InstanceId))))!;

    /// <inheritdoc/>
    public Task CreateTimer(DateTime fireAtUtc, CancellationToken cancellation) => context.CreateTimer(fireAtUtc, cancellation);

    /// <inheritdoc/>
    public async Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellation = default) =>
        DurableJson.Read<T>(await context.WaitForExternalEvent<JsonElement?>(eventName, cancellation))!;

    /// <inheritdoc/>
    public void SendEvent(string instanceId, string eventName, object? payload) =>
        context.SendEvent(instanceId, eventName, DurableJson.Element(payload) ?? DurableJson.Null);

    /// <inheritdoc/>
    public void SetCustomStatus(object? status) => context.SetCustomStatus(CustomStatus.Checked(InstanceId, DurableJson.Element(status)));

    /// <inheritdoc/>
    public void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        context.ContinueAsNew(DurableJson.Element(newInput), preserveUnprocessedEvents);

    /// <inheritdoc/>
    public Guid NewGuid() => context.NewGuid();

    /// <inheritdoc/>
    public ILogger CreateReplaySafeLogger(string category) => context.CreateReplaySafeLogger(category);
}
