using System.Net;
using Microsoft.AspNetCore.HostFiltering;
using R1Cloud.Pipeline.Api;
using R1Cloud.Web;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>The run API on this machine's Kestrel.</summary>
internal static class LocalApi
{
    /// <summary>Adds what the API needs.</summary>
    public static void AddServices(WebApplicationBuilder builder, LocalHostOptions options)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ConnectionLimits.Apply(kestrel.Limits);
            kestrel.Listen(options.Address, options.Port);
            // This machine's commands talk to loopback alone, whatever else the host listens at.
            if (!IPAddress.IsLoopback(options.Address) && !options.IsOnEveryAddress) kestrel.Listen(IPAddress.Loopback, options.Port);
        });
        var services = builder.Services;
        services.AddRouting();
        services.AddSingleton<IHostLifetime, NoLifetime>();
        // What was asked is answered before the host goes: who cancels a run waits until its workers have saved.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        RunApi.AddConventions(services);
        RunApiDocument.Add(services, ApiRoutes.ApiKeyHeader);
        if (IPAddress.IsLoopback(options.Address))
            services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
    }

    /// <summary>Maps the page, the API and its OpenAPI document.</summary>
    public static void Map(WebApplication app, LocalHostOptions options)
    {
        RunApi.UseHeaders(app);
        // A web page elsewhere must not steer runs through its visitor's browser by a name that resolves here.
        if (IPAddress.IsLoopback(options.Address)) app.UseHostFiltering();
        app.UsePage();
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        app.Use(async (context, next) =>
        {
            // Event streams stay open for as long as their readers like: reading ends when the host stops.
            using var ends =
                CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted,
                    HttpMethods.IsGet(context.Request.Method) ? stopping : CancellationToken.None);
            context.RequestAborted = ends.Token;
            await next(context);
        });
        RunApi.Use(app);
        app.UseRouting();
        RunApi.Map(app);
        app.MapOpenApi(ApiRoutes.OpenApi);
    }

    // Signals are the command line's business; see StopSignals.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
