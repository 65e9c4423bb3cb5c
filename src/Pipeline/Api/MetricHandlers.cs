using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Api;

/// <summary>A run's figures by name and range.</summary>
internal sealed class MetricHandlers(MetricSeriesReader reader, ILogger<MetricHandlers> log) : IRouteGroup
{
    private readonly RequestGuard guard = new(log);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiRoutes.MetricNames, (HttpRequest request, string id) => NamesAsync(request, id))
            .Describe("GetMetricNames", "The names of a run's figures by stage, at most 2,000 a stage", "Results")
            .Produces<MetricNamesView>().Problems(400, 404);
        routes.MapGet(ApiRoutes.MetricSeries,
            (HttpRequest request, string id, string? names, string? stage, string? from, string? to, string? points, string? times) =>
            SeriesAsync(request, id))
            .Describe("GetMetricSeries",
                "Figures by 'names' (commas between; '*' at the end takes all that begin so) over the steps 'from' to 'to', thinned to "
                + "about 'points' a series (1,000) with every greatest and least one kept; 'times=true' adds when each was recorded",
                "Results")
            .Produces<MetricSeriesView>().Problems(400, 404);
    }

    private Task<IResult> NamesAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
        Results.Json(await reader.NamesAsync(id, request.HttpContext.RequestAborted), R1Json.Options));

    private Task<IResult> SeriesAsync(HttpRequest request, string id) => guard.RunAsync(request, async () =>
    {
        var query = new MetricSeriesQuery(Names(request), request.Text("stage"), request.Number("from", 0, int.MaxValue),
            request.Number("to", 0, int.MaxValue),
            request.Number("points", MetricSeriesQuery.MinPoints, MetricSeriesQuery.MaxPoints) ?? MetricSeriesQuery.DefaultPoints,
            request.Flag("times", whenLeftOut: false));
        return Results.Json(await reader.SeriesAsync(id, query, request.HttpContext.RequestAborted), R1Json.Options);
    });

    private static string[] Names(HttpRequest request)
    {
        var names = (request.Text("names") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length is > 0 and <= MetricSeriesQuery.MaxNames
            ? names
            : throw new InvalidRequestException("names", request.Text("names"),
                $"1 to {MetricSeriesQuery.MaxNames} names with commas between");
    }
}
