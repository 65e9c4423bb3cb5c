using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// What the Functions host does with a request: it finds the function whose route fits best, invokes it, and hands the request itself to
/// the worker's own HTTP server, under the invocation's id.
/// </summary>
internal sealed class HttpTriggers(FunctionsHost host) : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly (string Function, string[] Methods, RouteTemplate Route)[] routes = [.. Routes(host)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = PathString.FromUriComponent(request.RequestUri!);
        var found = routes.FirstOrDefault(item => new TemplateMatcher(item.Route, []).TryMatch(path, [])
            && (item.Methods.Length == 0 || item.Methods.Contains(request.Method.Method, StringComparer.OrdinalIgnoreCase)));
        if (found.Function is null) return new(HttpStatusCode.NotFound) { RequestMessage = request };

        var id = Guid.NewGuid().ToString();
        request.RequestUri = new Uri(new Uri(host.Capabilities["HttpUri"]!.ToString()), request.RequestUri!.PathAndQuery);
        request.Headers.Add("x-ms-invocation-id", id);
        var invocation = host.InvokeAsync(found.Function, new() { ["http"] = new JsonObject() }, id: id);
        var response = await base.SendAsync(request, cancellationToken);
        // The invocation lasts until the answer is read. Where it fails, the worker's server knows no more than that.
        if (response.StatusCode == HttpStatusCode.InternalServerError) await invocation;
        return response;
    }

    private static IEnumerable<(string Function, string[] Methods, RouteTemplate Route)> Routes(FunctionsHost host) =>
        from function in host.Functions
        from binding in function.Value
        where binding["type"]!.ToString() == "httpTrigger"
        let route = TemplateParser.Parse(binding["route"]?.ToString() ?? function.Key)
        orderby RoutePrecedence.ComputeInbound(route)
        select (function.Key, (binding["methods"]?.AsArray().Select(method => method!.ToString()) ?? []).ToArray(), route);
}
