using System.Net;
using R1Cloud.LocalHost.Tests.EndToEnd;
using R1Cloud.Telemetry;

namespace R1Cloud.LocalHost.Tests.Telemetry;

public sealed class HostTelemetryTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Metrics_AskedForByTheEnvironment_AreReadWithTheKeyAlone()
    {
        var run = new MiniRun(folder, "metered", "--set", "stages.r1-zero.iterations=1")
        {
            Variables = { ["OTEL_METRICS_EXPORTER"] = "prometheus" },
        };
        run.Start();
        await run.ReachAsync("r1-zero/000000/rollout/0: attempt");
        using var http = run.Client();
        var text = await http.GetStringAsync("/metrics");
        text.ShouldContain("r1_runs_total");
        text.ShouldContain("r1_training_value");
        http.DefaultRequestHeaders.Remove("X-Api-Key");
        (await http.GetAsync("/metrics")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await run.EndAsync()).ShouldBe(0, run.Output);
    }

    [Fact]
    public void Of_Environment_SaysWhereTelemetryGoes()
    {
        Of().ShouldBe(new TelemetryTargets());
        Of().Any.ShouldBeFalse();
        Of(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")).ShouldBe(new TelemetryTargets { Otlp = true });
        Of(("OTEL_EXPORTER_OTLP_ENDPOINT", " ")).Any.ShouldBeFalse();
        Of(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")).Otlp.ShouldBeTrue();
        Of(("OTEL_METRICS_EXPORTER", "otlp, prometheus")).ShouldBe(new TelemetryTargets { Prometheus = true });
        Of(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"), ("OTEL_SDK_DISABLED", "true")).Any.ShouldBeFalse();
        Of(("APPLICATIONINSIGHTS_CONNECTION_STRING", "k")).ShouldBe(new TelemetryTargets { AzureMonitor = "k" });
        Of(("APPLICATIONINSIGHTS_CONNECTION_STRING", "k"), ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD;ClientId=4711"))
            .AzureIdentity.ShouldBe("4711");
        Of(("APPLICATIONINSIGHTS_CONNECTION_STRING", "k"), ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD"))
            .AzureIdentity.ShouldBe("");
    }

    private static TelemetryTargets Of(params (string Name, string Value)[] variables) =>
        TelemetryTargets.Of(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
