using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Hub;
using R1Cloud.Orchestrator.BatchWorkers;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Orchestrator.Functions;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.Orchestrator.Hosting;

/// <summary>Wires the pipeline into the Functions app.</summary>
internal static class OrchestratorServices
{
    /// <summary>Adds everything but what the Functions host brings.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="settings">Its settings.</param>
    /// <exception cref="StorageException">No storage is set, or it is invalid.</exception>
    public static IServiceCollection AddOrchestrator(this IServiceCollection services, IConfiguration settings)
    {
        var credential = new DefaultAzureCredential();
        // At once: an app without its storage says so when it starts, not by failing each request.
        var storage = StorageConnection.Open(settings[StorageConnection.Variable], credential);
        services.AddSingleton<TokenCredential>(credential).AddSingleton(storage.Blobs).AddSingleton<OpenQueue>(storage.Queue);
        services.AddWorkerPool(settings);
        if (SignIn(settings) is { } rules) services.AddSingleton(rules);
        return services.AddOrchestratorCore(Options(settings));
    }

    /// <summary>The part that is the same whatever storage and workers are.</summary>
    public static IServiceCollection AddOrchestratorCore(this IServiceCollection services, PipelineOptions options)
    {
        // All of Parquet that the app has: what reads data sets stays outside.
        services.AddSingleton<ITraceReader, TraceFile>().AddPipeline(options).AddSingleton<WorkerKeeper>();
        services.AddSingleton<DurableClientSource>()
            .AddSingleton<IDurableClientSource>(provider => provider.GetRequiredService<DurableClientSource>());
        services.AddSingleton<IOrchestrationClient, DurableClient>();
        services.AddRouting();
        RunApi.AddConventions(services);
        RunApiDocument.Add(services, ApiRoutes.FunctionsKeyHeader);
        return services
            .AddSingleton<RunApiPipeline>()
            .AddSingleton<PagePipeline>()
            .AddSingleton<HttpFunctions>().AddSingleton<CompletionFunctions>().AddSingleton<WorkerFunctions>();
    }

    /// <summary>Who passes, where sign-in is required; null where it is not.</summary>
    public static SignInRules? SignIn(IConfiguration settings)
    {
        return settings.GetValue("R1_SIGN_IN", false)
            // The platform sets it by itself: https://learn.microsoft.com/azure/app-service/reference-app-settings.
            ? new(Ids("R1_SIGN_IN_IDENTITIES"), Ids("R1_SIGN_IN_GROUPS"), settings.GetValue("WEBSITE_AUTH_ENABLED", false)) : null;

        HashSet<string> Ids(string name) =>
            new((settings[name] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The pipeline's options by the app's settings.</summary>
    public static PipelineOptions Options(IConfiguration settings) => new()
    {
        // A completion message takes seconds; a look at storage every so often costs an activity and finds what got lost.
        JobCheckInterval = TimeSpan.FromMinutes(5),
        // A stream's look at a run is a handful of table and Batch requests.
        EventPollInterval = TimeSpan.FromSeconds(2),
        EventStreamLimit = InvocationLimits.Stream,
        LocalFiles = false,
        // Of what it looks up it keeps a few small files, where an app may write.
        Hub = HubReader.FromEnvironment(name => settings[name] ?? (name == "HF_HOME" ? Path.Combine(Path.GetTempPath(), "huggingface")
            : null)),
        Services = HostServices.Of(settings[HostServices.Variable]),
        PricePerWorkerHour = settings.GetValue("R1_PRICE_PER_HOUR", 0.0),
        Currency = settings["R1_CURRENCY"] ?? "USD",
    };
}
