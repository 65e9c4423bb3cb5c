using Microsoft.AspNetCore.Http;

namespace R1Cloud.Pipeline.Api;

/// <summary>Answers that their reader may have already.</summary>
internal static class Conditional
{
    /// <summary>The answer under its tag; 304 without a body where the request has that tag (<c>If-None-Match</c>).</summary>
    /// <param name="request">The request.</param>
    /// <param name="tag">What tells the answer from others: letters and digits.</param>
    /// <param name="answer">Makes the answer.</param>
    public static IResult Answer(HttpRequest request, string tag, Func<IResult> answer)
    {
        var strong = $"\"{tag}\"";
        request.HttpContext.Response.Headers.ETag = strong;
        var known = request.Headers.IfNoneMatch.SelectMany(value => (value ?? "").Split(',')).Select(value => value.Trim());
        return known.Any(value => value == "*" || value == strong || value == "W/" + strong)
            ? Results.StatusCode(StatusCodes.Status304NotModified) : answer();
    }
}
