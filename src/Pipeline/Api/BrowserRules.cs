using Microsoft.AspNetCore.Http;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Keeps web pages of others from steering runs through their visitor's browser: what changes something must not come from another site or
/// origin, another port of this machine included. That it must be JSON (<see cref="JsonBodies"/>) and carry the key bars the requests that
/// a browser sends without asking.
/// </summary>
internal sealed class BrowserRules(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (IsSafe(request.Method)) return next(context);
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none")) 
            return RefuseAsync(context, $"Sec-Fetch-Site is '{site}'; allowed: same-origin, none");
        var origin = request.Headers.Origin.ToString();
        var own = $"{request.Scheme}://{request.Host}";
        return origin.Length == 0 || origin.Equals(own, StringComparison.OrdinalIgnoreCase)
            ? next(context)
            : RefuseAsync(context, $"Origin is '{origin}'; allowed: {own}");
    }

    /// <summary>Whether a method changes nothing.</summary>
    public static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static Task RefuseAsync(HttpContext context, string why) =>
        ApiProblems.Create(StatusCodes.Status403Forbidden, $"The request comes from another web page ({why}).").ExecuteAsync(context);
}
