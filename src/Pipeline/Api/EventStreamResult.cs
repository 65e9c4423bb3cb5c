using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Api;

/// <summary>Writes events as <c>text/event-stream</c>, each at once.</summary>
internal sealed class EventStreamResult(IDisposable reader, IAsyncEnumerable<RunEvent?> events, Action<Exception> onError) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var _ = reader;
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await response.StartAsync(httpContext.RequestAborted);
            await foreach (var item in events.WithCancellation(httpContext.RequestAborted))
            {
                await response.WriteAsync(item is null ? ": still here\n\n" : $"id: {item.Id}\nevent: {item.Name}\ndata: {item.Data}\n\n",
                    httpContext.RequestAborted);
                await response.Body.FlushAsync(httpContext.RequestAborted);
            }
        }
        catch (Exception e) when (ClientDisconnect.IsCause(httpContext, e))
        {
            // The reader left.
        }
        catch (Exception e)
        {
            // The status line is gone: tell the reader in the stream, which then ends; it may come back with the last id.
            onError(e);
            var log = new RunLog(TimeProvider.System.GetUtcNow(), "error", "The stream broke off; connect again to resume.");
            await response.WriteAsync($"event: {RunEventNames.Log}\ndata: {JsonSerializer.Serialize(log, R1Json.Options)}\n\n",
                CancellationToken.None);
        }
    }
}
