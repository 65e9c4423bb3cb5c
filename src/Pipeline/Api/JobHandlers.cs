using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Api;

/// <summary>A run's jobs with their attempts, and what its workers have put out.</summary>
internal sealed class JobHandlers(RunJobsReader jobs, RunService service, IWorkerLogs logs, ILogger<JobHandlers> log) : IRouteGroup
{
    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.Jobs,
            (HttpRequest request, string id, string? stage, string? from, string? to, string? limit) => JobsAsync(request, id))
            .Describe("ListJobs",
                "Jobs with their attempts, of the newest iterations: at most 200 iterations of a stage and 500 jobs ('limit' up to "
                + "2,000); 'earlier' says what to ask for next", "Jobs")
            .Produces<RunJobs>().Problems(400, 404);
        routes.MapGet(ApiRoutes.WorkerLog,
            (HttpRequest request, string id, string worker, string? tail, string? after) => LogAsync(request, id, worker))
            .Describe("GetWorkerLog",
                "A worker's output: the last 64 KiB, or 'tail' bytes (1 MiB at most); with 'after' what comes after so many bytes", "Jobs")
            .Produces<WorkerLogPart>().Problems(400, 404);
    }

    private Task<IResult> JobsAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var query = new RunJobsQuery(request.Text("stage"), request.Number("from", 0, int.MaxValue),
            request.Number("to", 0, int.MaxValue), request.Number("limit", 1, RunJobsQuery.MaxLimit) ?? RunJobsQuery.DefaultLimit);
        return Results.Json(await jobs.ReadAsync(id, query, request.HttpContext.RequestAborted), R1Json.Options);
    });

    private Task<IResult> LogAsync(HttpRequest request, string id, string worker) => guard.RunAsync(request, async () =>
    {
        var range = new WorkerLogRange(
            request.Number("tail", 1, WorkerLogRange.MaxTail) ?? WorkerLogRange.DefaultTail,
            request.LongNumber("after", 0, long.MaxValue));
        await service.SpecAsync(id, request.HttpContext.RequestAborted);
        // The name becomes part of a file's or a blob's.
        var part = SafePath.IsName(worker) && !worker.Contains('/')
            ? await logs.ReadAsync(id, worker, range, request.HttpContext.RequestAborted) : null;
        return Results.Json(
            part ?? throw new RunNotFoundException($"There is no output of worker '{worker}' of run '{id}' (yet)."), R1Json.Options);
    });
}
