using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Logging;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Telemetry;

namespace R1Cloud.Orchestrator.Hosting;

/// <summary>The Functions app.</summary>
internal static class OrchestratorApp
{
    /// <summary>Sets it up. The pipeline's orchestrators and activities become functions by their registered names.</summary>
    public static FunctionsApplicationBuilder Configure(FunctionsApplicationBuilder builder)
    {
        builder.ConfigureFunctionsWebApplication();
        // The worker's logs go by its own levels, not by host.json's: a request's steps would be seven lines each.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.ConfigureDurableWorker().AddTasks(tasks =>
            tasks.AddAll(new OrchestrationRegistry().AddPipeline(OrchestratorServices.Options(builder.Configuration))));
        // The host sends its own (telemetryMode in host.json): what the app sends is told apart from it and comes once.
        builder.Services.AddTelemetry("r1-functions", TelemetryTargets.OfThisProcess())?.UseFunctionsWorkerDefaults();
        builder.Services.AddOrchestrator(builder.Configuration);
        return builder;
    }
}
