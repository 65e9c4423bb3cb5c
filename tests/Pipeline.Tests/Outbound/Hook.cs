using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Pipeline.Tests.Outbound;

/// <summary>A request as a <see cref="Hook"/> got it.</summary>
internal sealed record Posted(string Method, string Path, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>A server on a free port of the loopback that writes down what it is sent.</summary>
internal sealed class Hook : IAsyncDisposable
{
    private readonly WebApplication app;

    private Hook(WebApplication app) => this.app = app;

    public ConcurrentQueue<Posted> Requests { get; } = new();

    /// <summary>What it answers.</summary>
    public Func<Posted, HttpResponse, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<Hook> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var hook = new Hook(builder.Build());
        hook.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var request = context.Request;
            var posted = new Posted(request.Method, request.Path + request.QueryString, await reader.ReadToEndAsync(),
                request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
            hook.Requests.Enqueue(posted);
            await hook.Answer(posted, context.Response);
        });
        await hook.app.StartAsync();
        return hook;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
