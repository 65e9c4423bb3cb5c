using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Api;

/// <summary>What a run's workers do just now.</summary>
internal sealed class WorkerHandlers(RunWorkersReader reader, ILogger<WorkerHandlers> log) : IRouteGroup
{
    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Workers, (HttpRequest request, string id) => WorkersAsync(request, id))
            .Describe("ListWorkers", "A run's workers: what each does, and what it uses of its machine", "Jobs")
            .Produces<RunWorkers>().Problems(400, 404);
        routes.MapGet(ApiRoutes.LiveSamples, (HttpRequest request, string id, string? limit) => LiveAsync(request, id))
            .Describe("GetLiveSamples",
                "The last completions that running rollouts have finished and not committed: 40, or as many as 'limit' says (200 at most)",
                "Results")
            .Produces<LiveRows>().Problems(400, 404);
    }

    private Task<IResult> WorkersAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
        Results.Json(await reader.WorkersAsync(id, request.HttpContext.RequestAborted), R1Json.Options));

    private Task<IResult> LiveAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var limit = request.Number("limit", 1, RunWorkersReader.MaxLive) ?? RunWorkersReader.DefaultLive;
        return Results.Json(await reader.LiveAsync(id, limit, request.HttpContext.RequestAborted), R1Json.Options);
    });
}
