using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.DurableTask.Protobuf;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// What the Functions host's Durable Task extension does: takes decisions and activities from the side-car and invokes the app's functions of
/// their names. Extended sessions are on, as in host.json.
/// </summary>
internal sealed class DurableTriggers : IAsyncDisposable
{
    private readonly FunctionsHost host;
    private readonly GrpcChannel channel;
    private readonly TaskHubSidecarService.TaskHubSidecarServiceClient sidecar;
    private readonly CancellationTokenSource stop = new();
    private readonly Task pump;
    private int continued;
    private int replayed;

    public DurableTriggers(FunctionsHost host, string address)
    {
        this.host = host;
        channel = GrpcChannel.ForAddress(address);
        sidecar = new(channel);
        pump = PumpAsync();
    }

    /// <summary>What the extension gives for a client's binding.</summary>
    public static JsonObject Client(string address) => new()
    {
        ["string"] = JsonSerializer.Serialize(new
        {
            taskHubName = "R1Cloud", rpcBaseUrl = address, requiredQueryStringParameters = "code=secret", httpBaseUrl = "http://app.test/runtime/webhooks/durabletask",
            maxGrpcMessageSizeInBytes = int.MaxValue, grpcHttpClientTimeout = "\"00:01:40\"",
        }),
    };

    /// <summary>How many decisions went on from the app's memory.</summary>
    public int Continued => continued;

    /// <summary>How many were made of the whole history.</summary>
    public int Replayed => replayed;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await pump;
        channel.Dispose();
        stop.Dispose();
    }

    private async Task PumpAsync()
    {
        try
        {
            using var items = sidecar.GetWorkItems(new GetWorkItemsRequest(), cancellationToken: stop.Token);
            await foreach (var item in items.ResponseStream.ReadAllAsync(stop.Token))
                _ = item.RequestCase == WorkItem.RequestOneofCase.OrchestratorRequest ? DecideAsync(item.OrchestratorRequest, item.CompletionToken) : ActAsync(item.ActivityRequest, item.CompletionToken);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task DecideAsync(OrchestratorRequest request, string token)
    {
        var name = request.PastEvents.Concat(request.NewEvents).First(item => item.ExecutionStarted is not null).ExecutionStarted.Name;
        var response = request.PastEvents.Count > 0 ? await DecideAsync(name, request, withHistory: false) : null;
        Interlocked.Increment(ref response is { RequiresHistory: false } ? ref continued : ref replayed);
        if (response is null or { RequiresHistory: true }) response = await DecideAsync(name, request, withHistory: true);
        response.CompletionToken = token;
        await sidecar.CompleteOrchestratorTaskAsync(response);
    }

    private async Task<OrchestratorResponse> DecideAsync(string name, OrchestratorRequest request, bool withHistory)
    {
        var sent = request.Clone();
        if (!withHistory) sent.PastEvents.Clear();
        sent.Properties["IsExtendedSession"] = Value.ForBool(true);
        sent.Properties["IncludeState"] = Value.ForBool(withHistory);
        sent.Properties["ExtendedSessionIdleTimeoutInSeconds"] = Value.ForNumber(30);
        var result = await host.InvokeAsync(name, new() { ["string"] = Convert.ToBase64String(sent.ToByteArray()) });
        return OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(Text(result)!));
    }

    private async Task ActAsync(ActivityRequest request, string token)
    {
        var response = new ActivityResponse { InstanceId = request.OrchestrationInstance.InstanceId, TaskId = request.TaskId, CompletionToken = token };
        try
        {
            // Durable Task keeps an activity's parameters as a list; the extension hands on the only one.
            var input = JsonSerializer.Deserialize<JsonElement[]>(request.Input)!.Single().GetRawText();
            response.Result = Text(await host.InvokeAsync(request.Name, new() { ["string"] = input }, new() { ["instanceId"] = new JsonObject { ["string"] = response.InstanceId } }));
        }
        catch (FunctionFailedException e)
        {
            response.FailureDetails = e.Details is { } details ? JsonParser.Default.Parse<TaskFailureDetails>(details) : new() { ErrorType = nameof(FunctionFailedException), ErrorMessage = e.Message };
        }
        await sidecar.CompleteActivityTaskAsync(response);
    }

    /// <summary>Typed data's text; JSON as it is.</summary>
    private static string? Text(JsonNode? data) => (data?["string"] ?? data?["json"])?.ToString();
}
