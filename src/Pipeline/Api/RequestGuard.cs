using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace R1Cloud.Pipeline.Api;

/// <summary>Runs handlers so that none throws: errors are Problem Details, and what is the service's fault is logged.</summary>
internal sealed partial class RequestGuard(ILogger log)
{
    /// <summary>Runs a handler.</summary>
    public async Task<IResult> RunAsync(HttpRequest request, Func<Task<IResult>> handle)
    {
        try
        {
            return await handle();
        }
        catch (Exception e) when (ClientDisconnect.IsCause(request.HttpContext, e))
        {
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            if (ApiProblems.IsFault(e)) LogFailed(e, request.Path);
            return ApiProblems.From(e);
        }
    }

    [LoggerMessage(EventId = 1401, Level = LogLevel.Error, Message = "A request failed {Path}")]
    public partial void LogFailed(Exception exception, string? path);
}
