using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Grpc.Core;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>The Functions host's end of the stream to a worker process: requests and their answers.</summary>
public sealed class FunctionsRpc : FunctionsRpcService
{
    // As long as a whole invocation may last: a machine that is busy with other things is no failure.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonObject>> asked = new();
    private readonly TaskCompletionSource<JsonObject> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim turn = new(1);
    private IServerStreamWriter<JsonObject> worker = null!;

    /// <summary>The worker's first message.</summary>
    public Task<JsonObject> Started => started.Task;

    /// <summary>What the worker logged.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <inheritdoc/>
    public override async Task EventStream(IAsyncStreamReader<JsonObject> messages, IServerStreamWriter<JsonObject> worker,
        ServerCallContext context)
    {
        this.worker = worker;
        try
        {
            while (await messages.MoveNext(context.CancellationToken)) Take(messages.Current);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The worker has gone.
        }
        foreach (var waiting in asked.Values) waiting.TrySetException(new IOException("The worker has gone."));
    }

    /// <summary>Sends a message that gets no answer.</summary>
    public async Task TellAsync(string kind, JsonObject content, string id = "")
    {
        await turn.WaitAsync();
        try
        {
            await worker.WriteAsync(new JsonObject { ["requestId"] = id, [kind] = content });
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Sends a request.</summary>
    /// <param name="request">What is asked: the request's field in the message.</param>
    /// <param name="content">The request.</param>
    /// <param name="response">The answer's field in the message.</param>
    public async Task<JsonObject> AskAsync(string request, JsonObject content, string response)
    {
        var id = Guid.NewGuid().ToString();
        var answer = asked[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await TellAsync(request, content, id);
        var message = await answer.Task.WaitAsync(Patience);
        return message[response]?.AsObject() ?? throw new InvalidOperationException($"The worker answered {request} with {message}.");
    }

    private void Take(JsonObject message)
    {
        if (message["rpcLog"] is { } log) Log.Enqueue($"{log["level"]} {log["category"]}: {log["message"]} {log["exception"]}");
        else if (message.ContainsKey("startStream")) started.TrySetResult(message);
        else if (asked.TryRemove(message["requestId"]?.ToString() ?? "", out var waiting)) waiting.TrySetResult(message);
    }
}
