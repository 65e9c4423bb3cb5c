using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Gives every error under <c>/api</c> that has no body yet a Problem Details body: unknown paths, wrong methods, bad requests.
/// </summary>
internal sealed partial class ApiErrorMiddleware(RequestDelegate next, ILogger<ApiErrorMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(ApiRoutes.Prefix, StringComparison.OrdinalIgnoreCase))
        {
            await next(context);
            return;
        }
        try
        {
            await next(context);
        }
        catch (Exception e) when (ClientDisconnect.IsCause(context, e))
        {
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (ApiProblems.IsFault(e)) LogFailed(e, context.Request.Path);
            await ApiProblems.From(e).ExecuteAsync(context);
            return;
        }
        var response = context.Response;
        if (response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
            await ApiProblems.Create(response.StatusCode, Detail(context)).ExecuteAsync(context);
    }

    private static string Detail(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at '{context.Request.Path}'.",
        StatusCodes.Status405MethodNotAllowed =>
            $"'{context.Request.Path}' does not take {context.Request.Method}; allowed: {context.Response.Headers.Allow}.",
        StatusCodes.Status415UnsupportedMediaType => $"Content-Type is '{context.Request.ContentType}'; allowed: application/json.",
        var status => $"'{context.Request.Path}' answered with status {status} and nothing more.",
    };

    [LoggerMessage(EventId = 1402, Level = LogLevel.Error, Message = "A request failed {Path}")]
    private partial void LogFailed(Exception exception, string path);
}
