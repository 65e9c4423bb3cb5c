using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// What the Functions host does with a request: it finds the function, asks for its key, invokes it, and hands the request itself to the worker's own
/// HTTP server, under the invocation's id.
/// </summary>
internal sealed class HttpTriggers(FunctionsHost host) : DelegatingHandler(new SocketsHttpHandler())
{
    private readonly HostRoute[] routes = [.. Routes(host)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var found = HostRoute.Find(routes, request.Method.Method, PathString.FromUriComponent(request.RequestUri!));
        if (found is null) return new(HttpStatusCode.NotFound) { RequestMessage = request };
        if (found.NeedsKey && !request.Headers.Contains(HostRoute.KeyHeader)) return new(HttpStatusCode.Unauthorized) { RequestMessage = request };

        var id = Guid.NewGuid().ToString();
        request.RequestUri = new Uri(new Uri(host.Capabilities["HttpUri"]!.ToString()), request.RequestUri!.PathAndQuery);
        request.Headers.Add("x-ms-invocation-id", id);
        var invocation = host.InvokeAsync(found.Function, new() { ["http"] = new JsonObject() }, id: id);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new InvalidOperationException($"{request.Method} {request.RequestUri}: {e.Message} {await host.DescribeAsync()}", e);
        }
        // The invocation lasts until the answer is read. Where it fails, the worker's server knows no more than that.
        if (response.StatusCode == HttpStatusCode.InternalServerError) await invocation;
        return response;
    }

    private static IEnumerable<HostRoute> Routes(FunctionsHost host) =>
        from function in host.Functions
        from binding in function.Value
        where binding["type"]!.ToString() == "httpTrigger"
        let methods = binding["methods"]?.AsArray().Select(method => method!.ToString()) ?? []
        select new HostRoute(function.Key, [.. methods], binding["route"]?.ToString() ?? function.Key, binding["authLevel"]!.ToString() != "Anonymous");
}
