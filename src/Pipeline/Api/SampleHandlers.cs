using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Api;

/// <summary>A run's sample rows by iteration.</summary>
internal sealed class SampleHandlers(SampleReader reader, ILogger<SampleHandlers> log) : IRouteGroup
{
    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.SampleSets, (HttpRequest request, string id, string? stage) => SetsAsync(request, id))
            .Describe("ListSampleSets", "Where sample rows are: rollouts of the newest 200 iterations of each stage, and evaluations",
                "Results")
            .Produces<SampleSets>().Problems(400, 404);
        routes.MapGet(ApiRoutes.SampleRows,
            // As OpenAPI describes the query; the handler reports what is wrong with it in its own words.
            (HttpRequest request, string id, string? stage, string? source, string? iteration, string? benchmark, string? prompts,
                string? problem, string? question, string? minReward, string? maxReward, string? correct, string? formatted,
                string? truncated, string? dropped, string? text, string? sort, string? limit, string? after, string? chars) =>
            RowsAsync(request, id))
            .Describe("GetSampleRows",
                "A page of the sample rows of a 'stage', of rollouts or (source=evaluate) an evaluation, of an 'iteration' or the newest: "
                + "filtered, sorted, at most 200 with texts of 'chars' characters", "Results")
            .Produces<SampleRows>().Problems(400, 404);
    }

    private Task<IResult> SetsAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
        Results.Json(await reader.SetsAsync(id, request.Text("stage"), request.HttpContext.RequestAborted), R1Json.Options));

    private Task<IResult> RowsAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
        Results.Json(await reader.RowsAsync(id, Query(request), request.HttpContext.RequestAborted), R1Json.Options));

    private static SampleQuery Query(HttpRequest request) => new()
    {
        Stage = request.Text("stage") ?? throw new InvalidRequestException("stage", null, "a stage's name or label"),
        Source = request.Choice("source", SampleQuery.Sources) ?? JobKinds.Rollout,
        Iteration = request.Number("iteration", 0, int.MaxValue),
        Benchmark = request.Text("benchmark"),
        Prompts = request.Text("prompts"),
        Problem = request.Text("problem"),
        Question = request.Number("question", 0, int.MaxValue),
        MinReward = request.Real("minReward"),
        MaxReward = request.Real("maxReward"),
        Correct = request.Flag("correct"),
        Formatted = request.Flag("formatted"),
        Truncated = request.Flag("truncated"),
        Dropped = request.Flag("dropped"),
        Text = request.LimitedText("text", SampleQuery.MaxText),
        Sort = request.Choice("sort", SampleQuery.Sorts.Keys) ?? "order",
        Limit = request.Number("limit", 1, SampleQuery.MaxRows) ?? SampleQuery.DefaultRows,
        After = request.Number("after", 0, int.MaxValue) ?? 0,
        Chars = request.Number("chars", SampleQuery.MinChars, SampleQuery.MaxChars) ?? SampleQuery.DefaultChars,
    };
}
