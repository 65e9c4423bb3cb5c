using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using R1Cloud.Orchestrator.Durable;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>
/// The run API. Every request goes to the same routes and handlers as on a laptop, so that unknown paths and wrong methods are answered
/// alike; the Functions host only checks the key. Durable Task's own management URLs are never handed out.
/// </summary>
/// <remarks>
/// The host takes functions in the order of their names and gives a request to the first whose route matches, however exact others are:
/// what takes every path under /api must come last.
/// </remarks>
internal sealed class HttpFunctions(RunApiPipeline api, PagePipeline page, DurableClientSource clients)
{
    /// <summary>The health check, open to all.</summary>
    [Function("health")]
    public IResult Health([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health")] HttpRequest request) =>
        api.Handle(request);

    /// <summary>Everything else under /api; needs a function key.</summary>
    [Function("run-api")]
    public IResult Api([HttpTrigger(AuthorizationLevel.Function, Route = "api/{*path}")] HttpRequest request, [DurableClient]
        DurableTaskClient client)
    {
        clients.Set(client);
        return api.Handle(request);
    }

    /// <summary>The OpenAPI document.</summary>
    [Function("openapi")]
    public IResult OpenApi([HttpTrigger(AuthorizationLevel.Function, "get", Route = "openapi/{*path}")] HttpRequest request) =>
        api.Handle(request);

    /// <summary>The page and its files, open to all: they hold no data. It takes every path that is left, so its name comes last.</summary>
    [Function("web-page")]
    public IResult Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "{*path}")] HttpRequest request) =>
        page.Handle();
}
