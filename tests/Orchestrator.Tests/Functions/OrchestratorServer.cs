using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Orchestrator.Functions;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Orchestrator.Tests.Durable;
using R1Cloud.Orchestrator.Tests.Hosting;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>
/// The Functions app without the Functions host: its services and functions, Durable Task itself, and in the host's place a server that
/// hands requests to the HTTP functions and a loop that hands messages to the queue function.
/// </summary>
internal sealed class OrchestratorServer : IAsyncDisposable
{
    private static readonly Dictionary<HostRoute, MethodInfo> Triggers = (
        from method in typeof(HttpFunctions).GetMethods()
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from trigger in method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>())
            .OfType<HttpTriggerAttribute>()
        let needsKey = trigger.AuthLevel != AuthorizationLevel.Anonymous
        select (Route: new HostRoute(function.Name, trigger.Methods ?? [], trigger.Route!, needsKey), Method: method))
        .ToDictionary(item => item.Route, item => item.Method);

    private readonly CancellationTokenSource stop = new();
    private DurableHost durable = null!;
    private WebApplication app = null!;
    private Task pump = Task.CompletedTask;

    private OrchestratorServer() => Pool = new(Blobs, Queues.Open);

    public HttpClient Client { get; private set; } = null!;
    public IServiceProvider Services => app.Services;
    public WatchedBlobStore Blobs { get; } = new();
    public MemoryQueues Queues { get; } = new();
    public FakeWorkerPool Pool { get; }

    public static async Task<OrchestratorServer> StartAsync()
    {
        var server = new OrchestratorServer();
        await server.RunAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await pump;
        Client.Dispose();
        await app.DisposeAsync();
        await durable.DisposeAsync();
        await Pool.DisposeAsync();
        Blobs.Dispose();
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        var options = new PipelineOptions { JobCheckInterval = TimeSpan.FromSeconds(20), EventPollInterval = TimeSpan.FromMilliseconds(20),
            LocalFiles = false };
        durable = (DurableHost)await new DurableWorkerHostFactory()
            .StartAsync(new OrchestrationRegistry().AddPipeline(options), services => Add(services, options));

        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        Add(builder.Services, options);
        app = builder.Build();
        var functions = app.Services.GetRequiredService<HttpFunctions>();
        app.Run(context => AnswerAsync(context, functions));
        await app.StartAsync();
        // The activities' client is of another invocation.
        durable.Services.GetRequiredService<DurableClientSource>().Set(durable.DurableTask);

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(30) };
        pump = PumpAsync(app.Services.GetRequiredService<CompletionFunctions>(), durable.DurableTask);
    }

    // What the host does with a request.
    private async Task AnswerAsync(HttpContext context, HttpFunctions functions)
    {
        if (HostRoute.Find(Triggers.Keys, context.Request.Method, context.Request.Path) is not { } found)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var method = Triggers[found];
        var arguments = method.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(HttpRequest) ? context.Request : (object)durable.DurableTask).ToArray();
        await ((IResult)method.Invoke(functions, arguments)!).ExecuteAsync(context);
    }

    private void Add(IServiceCollection services, PipelineOptions options) => services
        .AddSingleton<IBlobStore>(Blobs).AddSingleton<OpenQueue>(Queues.Open).AddSingleton<IWorkerPool>(Pool).AddOrchestratorCore(options);

    // What the queue trigger does.
    private async Task PumpAsync(CompletionFunctions functions, DurableTaskClient client)
    {
        var queue = Queues.Open(BlobLayout.CompletionsQueue);
        while (!stop.IsCancellationRequested)
        {
            foreach (var message in await queue.ReceiveAsync(16, TimeSpan.FromSeconds(30)))
            {
                await functions.RunAsync(message.Text, client, CancellationToken.None);
                await queue.DeleteAsync(message);
            }
            await Task.Delay(5);
        }
    }
}

/// <summary>A server with the runs that the shared cases speak of.</summary>
public sealed class OrchestratorFixture : IAsyncLifetime
{
    private readonly TaskCompletionSource stuck = new();

    internal OrchestratorServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await OrchestratorServer.StartAsync();
        Server.Pool.OnJob = job => job.RunId switch
        {
            "broken" => throw new BadInputException("no such corpus"),
            "stuck" => stuck.Task,
            _ => Task.CompletedTask,
        };
        await Pipeline.Tests.Api.ApiCases.PrepareAsync(Server.Client);
    }

    public async ValueTask DisposeAsync()
    {
        stuck.SetResult();
        await Server.DisposeAsync();
    }
}
