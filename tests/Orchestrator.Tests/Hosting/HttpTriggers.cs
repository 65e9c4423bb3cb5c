using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// What the Functions host does with a request: it finds the function, asks for its key, invokes it, and hands the request itself to the
/// worker's own HTTP server, under the invocation's id.
/// </summary>
internal sealed class HttpTriggers(FunctionsHost host) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
{
    private const string InvocationHeader = "x-ms-invocation-id";
    private const int MostTries = 5;

    private readonly HostRoute[] routes = [.. Routes(host)];

    /// <summary>
    /// What an invocation that comes after the request itself waits for, by the number of the try; null where it comes first as usual.
    /// </summary>
    public Func<int, Task> Late { get; init; } = _ => Task.CompletedTask;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var found = HostRoute.Find(routes, request.Method.Method, PathString.FromUriComponent(request.RequestUri!));
        if (found is null) return new(HttpStatusCode.NotFound) { RequestMessage = request };
        if (found.NeedsKey && !request.Headers.Contains(HostRoute.KeyHeader))
            return new(HttpStatusCode.Unauthorized) { RequestMessage = request };

        request.RequestUri = new Uri(new Uri(host.Capabilities["HttpUri"]!.ToString()), request.RequestUri!.PathAndQuery);
        for (var attempt = 1; ; attempt++)
        {
            var id = Guid.NewGuid().ToString();
            request.Headers.Remove(InvocationHeader);
            request.Headers.Add(InvocationHeader, id);
            var invocation = InvokeAsync(found.Function, id, Late(attempt));
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                // The invocation lasts until the answer is read. Where it fails, the worker's server knows no more than that.
                if (response.StatusCode != HttpStatusCode.InternalServerError) return response;
                await invocation;
                return response;
            }
            catch (FunctionFailedException e) when (attempt < MostTries && CameApart(e) && request.Method == HttpMethod.Get)
            {
                // Whoever only looks looks again.
            }
            catch (HttpRequestException e)
            {
                throw new InvalidOperationException(
                    $"{request.Method} {request.RequestUri}: {e.Message} {await FailureAsync(invocation)} {await host.DescribeAsync()}", e);
            }
        }
    }

    private async Task InvokeAsync(string function, string id, Task wait)
    {
        await wait;
        await host.InvokeAsync(function, new() { ["http"] = new JsonObject() }, id: id);
    }

    // The worker's HTTP extension joins the two halves of a request by the invocation's id, and gives either up after seconds that are
    // fixed in it (5 for the request, 5 for the invocation, 15 for its start). On a machine that is busy with other things they come
    // further apart.
    private static bool CameApart(FunctionFailedException failure) =>
        failure.Message.Contains("Timed out waiting for the", StringComparison.Ordinal);

    private static async Task<string> FailureAsync(Task invocation)
    {
        await invocation.WaitAsync(TimeSpan.FromSeconds(20)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return invocation.Exception?.InnerException?.Message ?? "";
    }

    private static IEnumerable<HostRoute> Routes(FunctionsHost host) =>
        from function in host.Functions
        from binding in function.Value
        where binding["type"]!.ToString() == "httpTrigger"
        let methods = binding["methods"]?.AsArray().Select(method => method!.ToString()) ?? []
        select new HostRoute(function.Key, [.. methods], binding["route"]?.ToString() ?? function.Key,
            binding["authLevel"]!.ToString() != "Anonymous");
}
