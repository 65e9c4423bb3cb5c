using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>A running side-car: the gRPC service that workers and clients talk to.</summary>
internal sealed class Sidecar(WebApplication app) : IAsyncDisposable
{
    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts one over a back end.</summary>
    /// <param name="backEnd">The back end.</param>
    /// <param name="configure">Adds the services of others that listen at the same address.</param>
    /// <param name="map">Maps them.</param>
    public static async Task<Sidecar> StartAsync(IDurableBackEnd backEnd, Action<IServiceCollection>? configure = null,
        Action<WebApplication>? map = null)
    {
        var (service, client) = await backEnd.OpenAsync();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(service).AddSingleton(client).AddSingleton<SidecarServer>();
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGrpcService<SidecarServer>();
        map?.Invoke(app);
        await app.StartAsync();
        await app.Services.GetRequiredService<SidecarServer>().StartAsync();
        return new Sidecar(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.Services.GetRequiredService<SidecarServer>().StopAsync();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
