using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Pipeline.Api;

/// <summary>Describes routes for OpenAPI.</summary>
internal static class RouteDescriptions
{
    /// <summary>Names a route, and the problems that any may end in.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string name, string summary, string tag) =>
        route.WithName(name).WithSummary(summary).WithTags(tag).Problems(401, 500, 503);

    /// <summary>Adds problems that it may end in.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) route.ProducesProblem(status);
        return route;
    }
}
