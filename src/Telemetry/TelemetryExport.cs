using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Telemetry;

/// <summary>
/// Spans, measurements and logs to where <see cref="TelemetryTargets"/> says. Where it says nowhere, nothing is set up and nothing listens.
/// </summary>
public static class TelemetryExport
{
    /// <summary>Sets a host up, whose services start and flush it.</summary>
    /// <param name="services">Its services.</param>
    /// <param name="service">What it is called there, unless <c>OTEL_SERVICE_NAME</c> says otherwise.</param>
    /// <param name="targets">Where to.</param>
    /// <returns>What more can be added to; null where nothing listens.</returns>
    public static IOpenTelemetryBuilder? AddTelemetry(this IServiceCollection services, string service, TelemetryTargets targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return targets.Any ? Configure(services.AddOpenTelemetry(), service, targets) : null;
    }

    /// <summary>Starts it in a program without a host.</summary>
    /// <param name="service">What it is called there.</param>
    /// <param name="targets">Where to.</param>
    /// <returns>What flushes and stops it; null where nothing listens.</returns>
    public static OpenTelemetrySdk? Start(string service, TelemetryTargets targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return targets.Spans ? OpenTelemetrySdk.Create(builder => Configure(builder, service, targets)) : null;
    }

    private static IOpenTelemetryBuilder Configure(IOpenTelemetryBuilder telemetry, string service, TelemetryTargets targets)
    {
        telemetry.Services.ConfigureAll<OtlpExporterOptions>(options => options.HttpClientFactory = () => Client(options));
        telemetry.ConfigureResource(resource => resource.AddService(service, serviceNamespace: "r1-cloud")).WithMetrics(metrics =>
        {
            metrics.AddMeter(RunTrace.Name).AddRuntimeInstrumentation();
            if (targets.Otlp) metrics.AddOtlpExporter();
            if (targets.AzureMonitor is not null) metrics.AddAzureMonitorMetricExporter(options => SignIn(options, targets));
        });
        if (!targets.Spans) return telemetry;
        return telemetry.WithTracing(tracing =>
        {
            tracing.AddSource(RunTrace.Name);
            if (targets.Otlp) tracing.AddOtlpExporter();
            if (targets.AzureMonitor is not null) tracing.AddAzureMonitorTraceExporter(options => SignIn(options, targets));
        }).WithLogging(logging =>
        {
            if (targets.Otlp) logging.AddOtlpExporter();
            if (targets.AzureMonitor is not null) logging.AddAzureMonitorLogExporter(options => SignIn(options, targets));
        }, options => options.IncludeFormattedMessage = true);
    }

    private static void SignIn(AzureMonitorExporterOptions options, TelemetryTargets targets) =>
        (options.ConnectionString, options.Credential) = (targets.AzureMonitor, Credential(targets.AzureIdentity));

    private static TokenCredential? Credential(string? identity) => identity switch
    {
        null => null,
        "" => new DefaultAzureCredential(),
        _ => new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(identity)),
    };

    // A proxy in the environment is for other machines.
    private static HttpClient Client(OtlpExporterOptions options) =>
        new(new SocketsHttpHandler { UseProxy = !options.Endpoint.IsLoopback })
        {
            Timeout = TimeSpan.FromMilliseconds(options.TimeoutMilliseconds),
        };
}
