using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Takes no request that changes something unless it says that its body, if only an empty one, is JSON: a web form cannot say so, and a
/// script of another page must ask first.
/// </summary>
internal sealed class JsonBodies(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        return BrowserRules.IsSafe(request.Method) || IsJson(request.ContentType)
            ? next(context) : RefuseAsync(context, request.ContentType);
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && (IsNamed(type.SubTypeWithoutSuffix) || IsNamed(type.Suffix));

    private static bool IsNamed(StringSegment name) => name.Equals("json", StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context, string? contentType)
    {
        var problem = $"Content-Type is '{contentType}'; allowed: application/json.";
        return ApiProblems.Create(StatusCodes.Status415UnsupportedMediaType, problem).ExecuteAsync(context);
    }
}
