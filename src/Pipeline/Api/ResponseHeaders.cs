using Microsoft.AspNetCore.Http;

namespace R1Cloud.Pipeline.Api;

/// <summary>What every response tells a browser: believe the content type, keep nothing, show it in no frame, run nothing of it.</summary>
internal sealed class ResponseHeaders(RequestDelegate next)
{
    private const string Nowhere = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>For data, and for errors: nothing is loaded.</summary>
    public const string Policy = "default-src 'none'; " + Nowhere;

    /// <summary>
    /// For pages and pictures out of storage, where a taken-over worker may have put anything: shown as a stranger's, without scripts, and
    /// with nothing from elsewhere.
    /// </summary>
    public const string StoredPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; " + Nowhere;

    public Task InvokeAsync(HttpContext context)
    {
        // Before the answer is made, so that a page of the host's own may say what it needs.
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = Policy;
        return next(context);
    }
}
