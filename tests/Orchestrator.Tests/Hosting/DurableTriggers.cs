using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.DurableTask.Protobuf;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// What the Functions host's Durable Task extension does: takes decisions and activities from the side-car and invokes the app's functions
/// of their names.
/// </summary>
internal sealed class DurableTriggers : IAsyncDisposable
{
    private readonly FunctionsHost host;
    private readonly GrpcChannel channel;
    private readonly TaskHubSidecarService.TaskHubSidecarServiceClient sidecar;
    private readonly CancellationTokenSource stop = new();
    private readonly Task pump;
    private readonly ConcurrentDictionary<string, string> names = new(StringComparer.Ordinal);
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
            taskHubName = "R1Cloud", rpcBaseUrl = address, requiredQueryStringParameters = "code=secret",
                httpBaseUrl = "http://app.test/runtime/webhooks/durabletask",
            maxGrpcMessageSizeInBytes = int.MaxValue, grpcHttpClientTimeout = "\"00:01:40\"",
        }),
    };

    /// <summary>How many decisions went on from the app's memory, as host.json's extended sessions have it.</summary>
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
                _ = item.RequestCase == WorkItem.RequestOneofCase.OrchestratorRequest
                    ? DecideAsync(item.OrchestratorRequest, item.CompletionToken) : ActAsync(item.ActivityRequest, item.CompletionToken);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task DecideAsync(OrchestratorRequest request, string token)
    {
        var name = names.GetOrAdd(request.InstanceId,
            _ => request.PastEvents.Concat(request.NewEvents).First(item => item.ExecutionStarted is not null).ExecutionStarted.Name);
        var result = await host.InvokeAsync(name, new() { ["string"] = Convert.ToBase64String(request.ToByteArray()) });
        var response = OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(Text(result)!));
        if (!request.Properties["IncludeState"].BoolValue && !response.RequiresHistory) Interlocked.Increment(ref continued);
        if (request.PastEvents.Count > 0) Interlocked.Increment(ref replayed);
        response.CompletionToken = token;
        await sidecar.CompleteOrchestratorTaskAsync(response);
    }

    private async Task ActAsync(ActivityRequest request, string token)
    {
        var response = new ActivityResponse { InstanceId = request.OrchestrationInstance.InstanceId, TaskId = request.TaskId,
            CompletionToken = token };
        try
        {
            // Durable Task keeps an activity's parameters as a list; the extension hands on the only one.
            var input = JsonSerializer.Deserialize<JsonElement[]>(request.Input)!.Single().GetRawText();
            response.Result =
                Text(await host.InvokeAsync(request.Name, new() { ["string"] = input },
                    new() { ["instanceId"] = new JsonObject { ["string"] = response.InstanceId } }));
        }
        catch (FunctionFailedException e)
        {
            response.FailureDetails = e.Details is { } details
                ? JsonParser.Default.Parse<TaskFailureDetails>(details)
                : new() { ErrorType = nameof(FunctionFailedException), ErrorMessage = e.Message };
        }
        await sidecar.CompleteActivityTaskAsync(response);
    }

    // Typed data's text; JSON as it is.
    private static string? Text(JsonNode? data) => (data?["string"] ?? data?["json"])?.ToString();
}
