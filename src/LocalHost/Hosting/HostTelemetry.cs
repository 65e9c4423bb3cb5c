using System.Collections;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using R1Cloud.Telemetry;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>The host's own telemetry; its workers, which inherit the environment, send theirs.</summary>
internal static class HostTelemetry
{
    private const string Path = "/metrics";

    /// <summary>Adds what the environment asks for.</summary>
    public static void Add(WebApplicationBuilder builder)
    {
        var targets = TelemetryTargets.OfThisProcess();
        if (builder.Services.AddTelemetry("r1-host", targets) is not { } telemetry) return;
        // The host's configuration is empty otherwise, and the exporters read theirs from it.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal)));
        if (targets.Spans) telemetry.WithTracing(tracing => tracing.AddAspNetCoreInstrumentation());
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter("Microsoft.AspNetCore.Hosting");
            if (targets.Prometheus) metrics.AddPrometheusExporter();
        });
    }

    /// <summary>Maps what Prometheus reads; it asks for the key as everything does.</summary>
    public static void Map(WebApplication app)
    {
        if (TelemetryTargets.OfThisProcess().Prometheus) app.MapPrometheusScrapingEndpoint(Path);
    }
}
