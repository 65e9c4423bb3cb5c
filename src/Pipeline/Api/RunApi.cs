using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Api;

/// <summary>The run API on ASP.NET Core: <see cref="Use"/> in the pipeline, <see cref="Map"/> on the routes.</summary>
public static class RunApi
{
    /// <summary>Adds the product's JSON conventions, which the OpenAPI document tells.</summary>
    public static IServiceCollection AddConventions(IServiceCollection services) => services.ConfigureHttpJsonOptions(json =>
    {
        json.SerializerOptions.PropertyNamingPolicy = R1Json.Options.PropertyNamingPolicy;
        json.SerializerOptions.DefaultIgnoreCondition = R1Json.Options.DefaultIgnoreCondition;
        foreach (var converter in R1Json.Options.Converters) json.SerializerOptions.Converters.Add(converter);
    });

    /// <summary>Adds the headers of every response; before all else that may answer.</summary>
    public static IApplicationBuilder UseHeaders(IApplicationBuilder app) => app.UseMiddleware<ResponseHeaders>();

    /// <summary>
    /// Adds Problem Details for what no handler answers (unknown paths, wrong methods), and what a request must fulfil: where it comes
    /// from, key, type.
    /// </summary>
    public static IApplicationBuilder Use(IApplicationBuilder app) => UseHeaders(app)
        .UseMiddleware<ApiErrorMiddleware>().UseMiddleware<BrowserRules>().UseMiddleware<ApiKeyMiddleware>().UseMiddleware<JsonBodies>();

    /// <summary>Maps every route, described for OpenAPI.</summary>
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var handlers = routes.ServiceProvider.GetRequiredService<RunHandlers>();

        routes.MapGet(ApiRoutes.Health, () => RunHandlers.Health())
            .Describe("GetHealth", "Whether the service is up", "Service").Produces<HealthView>();

        routes.MapPost(ApiRoutes.Runs, (HttpRequest request, string? id, string? reuse) => handlers.CreateAsync(request))
            .Describe("CreateRun", "Start a run of the recipe in the body; the same order again is the same run", "Runs")
            .Accepts<Recipe>("application/json").Produces<RunView>(StatusCodes.Status202Accepted)
            .Problems(400, 408, 409, 413, 415, 422, 429);
        routes.MapPost(ApiRoutes.Reuse, (HttpRequest request, string? reuse) => handlers.ReuseAsync(request))
            .Describe("PlanReuse", "What a run of the recipe in the body would take over from other runs", "Runs")
            .Accepts<Recipe>("application/json").Produces<ReusePlan>().Problems(400, 408, 413, 415, 422);
        routes.MapGet(ApiRoutes.Runs, (HttpRequest request, string? state, string? q, string? limit, string? after) =>
            handlers.ListAsync(request))
            .Describe("ListRuns",
                "Runs, newest first: 100 unless 'limit' says another number; 'state' names states with commas between, 'q' is part of a "
                + "name or id, 'after' is the page before's 'next'", "Runs")
            .Produces<RunList>().Problems(400);
        routes.MapGet(ApiRoutes.Run, (HttpRequest request, string id) => handlers.GetAsync(request, id))
            .Describe("GetRun", "A run: stages, progress, figures, workers, cost", "Runs").Produces<RunView>().Problems(400, 404);

        routes.MapPost(ApiRoutes.Pause, (HttpRequest request, string id) => handlers.PauseAsync(request, id))
            .Describe("PauseRun", "Hold a run; its workers save and stop", "Runs").Produces<RunView>(StatusCodes.Status202Accepted)
                .Problems(400, 404, 409);
        routes.MapPost(ApiRoutes.Resume, (HttpRequest request, string id, string? budget) => handlers.ResumeAsync(request, id))
            .Describe("ResumeRun", "Let a held run go on; 'budget' raises what it may cost in all", "Runs")
            .Produces<RunView>(StatusCodes.Status202Accepted).Problems(400, 404, 409);
        routes.MapPost(ApiRoutes.Cancel, (HttpRequest request, string id) => handlers.CancelAsync(request, id))
            .Describe("CancelRun", "End a run; it can be retried", "Runs").Produces<RunView>(StatusCodes.Status202Accepted)
                .Problems(400, 404, 409);
        routes.MapPost(ApiRoutes.Retry, (HttpRequest request, string id, string? stage) => handlers.RetryAsync(request, id))
            .Describe("RetryRun", "Continue a failed or cancelled run; with a stage, run it and those that depend on it again", "Runs")
            .Produces<RunView>(StatusCodes.Status202Accepted).Problems(400, 404, 409, 429);

        routes.MapGet(ApiRoutes.Metrics,
            (HttpRequest request, string id, string? stage, string? since) => handlers.MetricsAsync(request, id))
            .Describe("GetMetrics", "Figures by stage and step; 'since' leaves out steps up to it", "Results").Produces<RunMetrics>()
                .Problems(400, 404);
        routes.MapGet(ApiRoutes.Events, (HttpRequest request, string id, string? form) => handlers.EventsAsync(request, id))
            .Describe("StreamEvents", "Server-sent events: snapshot, stage, metrics, log, end; with form=changes what changed alone",
                "Results")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream").Problems(400, 404, 429);
        routes.MapGet(ApiRoutes.Samples,
            (HttpRequest request, string id, string? stage, string? limit) => handlers.SamplesAsync(request, id))
            .Describe("GetSamples", "Example answers of rollouts and evaluations", "Results").Produces<RunSamples>().Problems(400, 404);
        routes.MapGet(ApiRoutes.Report, (HttpRequest request, string id, string? format) => handlers.ReportAsync(request, id))
            .Describe("GetReport", "The run's report as json, html, md or svg", "Results")
            .Produces<RunReport>(StatusCodes.Status200OK, "application/json", "text/html", "text/markdown", "image/svg+xml")
                .Problems(400, 404);
        foreach (var group in routes.ServiceProvider.GetServices<IRouteGroup>()) group.Map(routes);
        return routes;
    }
}
