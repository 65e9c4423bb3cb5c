using System.Reflection;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// The service that a worker process of Azure Functions calls (<c>AzureFunctionsRpcMessages.FunctionRpc</c>). The types of its messages are
/// internal to the worker's package, but their descriptors are enough: here messages are protobuf's JSON.
/// </summary>
[BindServiceMethod(typeof(FunctionsRpcService), nameof(Bind))]
public abstract class FunctionsRpcService
{
    private static readonly MessageDescriptor Message = (MessageDescriptor)Assembly.Load("Microsoft.Azure.Functions.Worker.Grpc")
        .GetType("Microsoft.Azure.Functions.Worker.Grpc.Messages.StreamingMessage", throwOnError: true)!
        .GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;

    private static readonly Marshaller<JsonObject> Json = Marshallers.Create(
        message => JsonParser.Default.Parse(message.ToJsonString(), Message).ToByteArray(),
        bytes => JsonNode.Parse(JsonFormatter.Default.Format(Message.Parser.ParseFrom(bytes)))!.AsObject());

    /// <summary>Talks to one worker for as long as it is there.</summary>
    public abstract Task EventStream(IAsyncStreamReader<JsonObject> messages, IServerStreamWriter<JsonObject> worker,
        ServerCallContext context);

    /// <summary>Binds the service's only method.</summary>
    public static void Bind(ServiceBinderBase binder, FunctionsRpcService? service) => binder.AddMethod(
        new Method<JsonObject, JsonObject>(MethodType.DuplexStreaming, "AzureFunctionsRpcMessages.FunctionRpc", nameof(EventStream), Json,
            Json),
        service is null ? null : service.EventStream);
}
