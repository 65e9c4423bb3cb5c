using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using R1Cloud.Pipeline.Api;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>
/// Where sign-in is required: a browser that opens a page is sent to sign in; whatever else asks without having done so gets 401, and who
/// is not named 403. The health check alone is open.
/// </summary>
internal sealed class SignInGate(RequestDelegate next, IServiceProvider services)
{
    private const string SignIn = "/.auth/login/aad?post_login_redirect_uri=/";

    private readonly SignInRules? rules = services.GetService<SignInRules>();

    public Task InvokeAsync(HttpContext context)
    {
        if (rules is null || context.Request.Path == ApiRoutes.Health) return next(context);
        var isPage = !context.Request.Path.StartsWithSegments(ApiRoutes.Prefix, StringComparison.OrdinalIgnoreCase)
            && HttpMethods.IsGet(context.Request.Method) && OpensAPage(context.Request);
        return rules.Of(context.Request) switch
        {
            Verdict.Passes => next(context),
            // Who has a session and is not known by it any more gets the page, which leads to the sign-in: never round in a circle.
            Verdict.Unknown when isPage && context.Request.Cookies.ContainsKey(SignInRules.SessionCookie) => next(context),
            Verdict.Unknown when isPage => RedirectAsync(context),
            Verdict.Unknown => RefuseAsync(context, StatusCodes.Status401Unauthorized, "Sign-in is required: docs/azure.md."),
            Verdict.NotNamed => RefuseAsync(context, StatusCodes.Status403Forbidden, "You have signed in, but are not named here."),
            _ => RefuseAsync(context, StatusCodes.Status503ServiceUnavailable,
                "Sign-in is required, but the platform's authentication is switched off: switch it on, or deploy again."),
        };
    }

    // Browsers say so of every request; an old one says at least that it wants a page.
    private static bool OpensAPage(HttpRequest request) => request.Headers["Sec-Fetch-Mode"].ToString() is { Length: > 0 } mode
        ? mode == "navigate"
        : MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var wanted)
            && wanted.Any(type => type.MediaType == "text/html");

    private static Task RedirectAsync(HttpContext context)
    {
        context.Response.Redirect(SignIn);
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext context, int status, string detail)
    {
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem(detail, statusCode: status, title: ReasonPhrases.GetReasonPhrase(status), type: "about:blank")
            .ExecuteAsync(context);
    }
}
