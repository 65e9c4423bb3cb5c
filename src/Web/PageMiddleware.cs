using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace R1Cloud.Web;

/// <summary>
/// Answers for the page's files, before a key is asked for: they hold no data. What they may load, and whom they may ask, is this host
/// alone.
/// </summary>
public sealed class PageMiddleware(RequestDelegate next)
{
    /// <summary>What browsers let the page do.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private const string Brotli = "br";
    private const string Runs = "/runs";

    /// <summary>Answers, or leaves the request to what comes after.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (method, path) = (context.Request.Method, context.Request.Path);
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method)) return next(context);
        if (PageFiles.Find(path.Value ?? "") is { } file) return AnswerAsync(context, file);
        if (!path.StartsWithSegments(Runs, StringComparison.Ordinal)) return next(context);
        // An address as people type it; where the page stands is in its fragment.
        context.Response.Redirect($"/#{path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}");
        return Task.CompletedTask;
    }

    private static async Task AnswerAsync(HttpContext context, PageFile file)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.CacheControl = file.IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        response.Headers.ETag = file.ETag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (IsKnown(request.Headers.IfNoneMatch, file.ETag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        var content = file.Content;
        if (Takes(request.Headers.AcceptEncoding, Brotli) && file.Compressed is { } compressed)
        {
            content = compressed;
            response.Headers.ContentEncoding = Brotli;
        }
        response.ContentType = file.ContentType;
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(request.Method)) await response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static bool IsKnown(StringValues header, string tag) =>
        EntityTagHeaderValue.TryParseList([.. header.OfType<string>()], out var known)
        && known.Any(one => one.Tag == "*" || one.Compare(new EntityTagHeaderValue(tag), useStrongComparison: false));

    private static bool Takes(StringValues header, string encoding) =>
        StringWithQualityHeaderValue.TryParseList([.. header.OfType<string>()], out var wanted)
        && wanted.Any(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && one.Quality is not 0);
}

/// <summary>The page in a host's pipeline.</summary>
public static class PageRegistration
{
    /// <summary>Serves the page's files; after the headers of every response, before whatever asks for a key.</summary>
    public static IApplicationBuilder UsePage(this IApplicationBuilder app) => app.UseMiddleware<PageMiddleware>();
}
