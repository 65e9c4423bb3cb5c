using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>The run API on a real server, on a free port of the loopback.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ApiServer(PipelineHost pipeline, WebApplication app, Uri address) =>
        (Pipeline, this.app, Client) = (pipeline, app, new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(30) });

    public PipelineHost Pipeline { get; }
    public HttpClient Client { get; }

    public static async Task<ApiServer> StartAsync(PipelineOptions? options = null)
    {
        var pipeline = new PipelineHost(options);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        RunApiDocument.Add(builder.Services, ApiRoutes.ApiKeyHeader);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            foreach (var converter in Shared.R1Json.Options.Converters) json.SerializerOptions.Converters.Add(converter);
        });
        builder.Services.AddSingleton(pipeline.Options).AddSingleton(pipeline.Services.GetRequiredService<RunHandlers>());
        foreach (var group in pipeline.Services.GetServices<IRouteGroup>()) builder.Services.AddSingleton(group);
        var app = builder.Build();
        RunApi.Use(app);
        RunApi.Map(app);
        app.MapOpenApi();
        app.MapGet("/outside", () => Results.StatusCode(StatusCodes.Status418ImATeapot));
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new(pipeline, app, new(address));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Pipeline.DisposeAsync();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

/// <summary>A server with the runs that <see cref="ApiCases"/> speak of.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private readonly TaskCompletionSource stuck = new();

    internal ApiServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ApiServer.StartAsync();
        Server.Pipeline.Pool.OnJob = job => job.RunId switch
        {
            "broken" => throw new BadInputException("no such corpus"),
            "stuck" => stuck.Task,
            _ => Task.CompletedTask,
        };
        await ApiCases.PrepareAsync(Server.Client);
    }

    public async ValueTask DisposeAsync()
    {
        stuck.SetResult();
        await Server.DisposeAsync();
    }
}
