namespace R1Cloud.Telemetry;

/// <summary>
/// Where telemetry goes, as the environment says by OpenTelemetry's and Azure Monitor's own variables; nowhere by default.
/// </summary>
public sealed record TelemetryTargets
{
    private static readonly string[] Endpoints =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    ];

    /// <summary>Whether an OTLP endpoint is named.</summary>
    public bool Otlp { get; init; }

    /// <summary>The connection string of Application Insights; null for none.</summary>
    public string? AzureMonitor { get; init; }

    /// <summary>
    /// The identity that signs in there: a client id, empty for the machine's own; null where the connection string suffices.
    /// </summary>
    public string? AzureIdentity { get; init; }

    /// <summary>Whether a host is read by Prometheus.</summary>
    public bool Prometheus { get; init; }

    /// <summary>Whether spans and logs go anywhere.</summary>
    public bool Spans => Otlp || AzureMonitor is not null;

    /// <summary>Whether anything does.</summary>
    public bool Any => Spans || Prometheus;

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">A variable's value.</param>
    public static TelemetryTargets Of(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (string.Equals(variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)) return new();
        var monitor = variable("APPLICATIONINSIGHTS_CONNECTION_STRING");
        return new()
        {
            Otlp = Endpoints.Any(name => !string.IsNullOrWhiteSpace(variable(name))),
            AzureMonitor = string.IsNullOrWhiteSpace(monitor) ? null : monitor,
            AzureIdentity = Identity(variable("APPLICATIONINSIGHTS_AUTHENTICATION_STRING")),
            Prometheus = variable("OTEL_METRICS_EXPORTER")?.Split(',', StringSplitOptions.TrimEntries).Contains("prometheus") ?? false,
        };
    }

    /// <summary>Those of this process.</summary>
    public static TelemetryTargets OfThisProcess() => Of(Environment.GetEnvironmentVariable);

    // "Authorization=AAD;ClientId=…", as the Functions host reads it.
    private static string? Identity(string? text)
    {
        if (text is null) return null;
        var parts = text.Split(';', StringSplitOptions.TrimEntries).Select(part => part.Split('=', 2)).Where(part => part.Length == 2)
            .ToDictionary(part => part[0], part => part[1], StringComparer.OrdinalIgnoreCase);
        return parts.GetValueOrDefault("Authorization") == "AAD" ? parts.GetValueOrDefault("ClientId", "") : null;
    }
}
