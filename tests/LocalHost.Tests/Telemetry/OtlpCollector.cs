using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace R1Cloud.LocalHost.Tests.Telemetry;

/// <summary>A span as it was sent.</summary>
internal sealed record SentSpan(string Service, string Trace, string Id, string Parent, string Name, bool Failed, string Status,
    ulong Start, ulong End, IReadOnlyDictionary<string, string> Tags);

/// <summary>Takes what programs send over OTLP (HTTP, protobuf).</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpCollector(WebApplication app) => this.app = app;

    public ConcurrentQueue<SentSpan> Spans { get; } = new();

    /// <summary>Log records: service, trace, text.</summary>
    public ConcurrentQueue<(string Service, string Trace, string Text)> Logs { get; } = new();

    /// <summary>Names of instruments, by service.</summary>
    public ConcurrentDictionary<(string Service, string Instrument), bool> Instruments { get; } = new();

    public Dictionary<string, string?> Variables => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Single(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = new OtlpCollector(builder.Build());
        collector.app.Run(collector.TakeAsync);
        await collector.app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        foreach (var resource in new OtlpMessage(body.ToArray()).All(1))
        {
            var service = resource.One(1)!.Attributes(1)["service.name"];
            foreach (var scope in resource.All(2)) Take(context.Request.Path, service, scope);
        }
        context.Response.ContentType = "application/x-protobuf";
    }

    private void Take(PathString path, string service, OtlpMessage scope)
    {
        foreach (var item in scope.All(2))
        {
            if (path == "/v1/traces")
            {
                var status = item.One(15);
                Spans.Enqueue(new(service, item.Hex(1), item.Hex(2), item.Hex(4), item.Text(5), status?.Number(3) == 2,
                    status?.Text(2) ?? "", item.Number(7), item.Number(8), item.Attributes(9)));
            }
            else if (path == "/v1/logs")
            {
                Logs.Enqueue((service, item.Hex(9), item.One(5)?.Text(1) ?? ""));
            }
            else
            {
                Instruments[(service, item.Text(1))] = true;
            }
        }
    }
}
