using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace R1Cloud.Telemetry;

/// <summary>Brings a program's logs to where its telemetry goes.</summary>
public static class TelemetryLogs
{
    /// <summary>Adds them beside the other providers.</summary>
    /// <param name="logging">The program's logging.</param>
    /// <param name="telemetry">What was started; null for none.</param>
    public static void AddTelemetry(this ILoggingBuilder logging, OpenTelemetrySdk? telemetry)
    {
        if (telemetry is not null) logging.AddProvider(new Provider(telemetry.GetLoggerFactory()));
    }

    private sealed class Provider(ILoggerFactory factory) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => factory.CreateLogger(categoryName);

        public void Dispose()
        {
            // Whoever started the telemetry ends it.
        }
    }
}
