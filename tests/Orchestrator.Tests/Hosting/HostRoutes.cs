using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>An HTTP trigger as the Functions host knows it.</summary>
/// <param name="Function">The function's name.</param>
/// <param name="Methods">The methods that it takes; none for all.</param>
/// <param name="Route">Its route.</param>
/// <param name="NeedsKey">Whether the host asks for a function key.</param>
internal sealed record HostRoute(string Function, string[] Methods, string Route, bool NeedsKey)
{
    /// <summary>The header with the key.</summary>
    public const string KeyHeader = "x-functions-key";

    private readonly RouteTemplate template = TemplateParser.Parse(Route);

    /// <summary>
    /// The function that the Functions host gives a request to: it takes functions in the order of their names, and the first whose route
    /// matches, however exact the others are.
    /// </summary>
    public static HostRoute? Find(IEnumerable<HostRoute> routes, string method, PathString path) => routes
        .OrderBy(route => route.Function, StringComparer.OrdinalIgnoreCase)
        .FirstOrDefault(route => new TemplateMatcher(route.template, []).TryMatch(path, [])
            && (route.Methods.Length == 0 || route.Methods.Contains(method, StringComparer.OrdinalIgnoreCase)));
}
