using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Orchestrator.Functions;
using R1Cloud.Orchestrator.Hosting;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>Where sign-in is required: browsers are sent there, programs are told.</summary>
public sealed class SignInTests
{
    private const string Named = "11111111-1111-1111-1111-111111111111", Group = "22222222-2222-2222-2222-222222222222";

    private static readonly SignInRules Rules = OrchestratorServices.SignIn(Settings(("R1_SIGN_IN", "true"),
        ("R1_SIGN_IN_IDENTITIES", Named), ("R1_SIGN_IN_GROUPS", Group), ("WEBSITE_AUTH_ENABLED", "True")))!;

    [Theory]
    // A browser that opens the page.
    [InlineData("/", "Sec-Fetch-Mode: navigate", 302)]
    [InlineData("/", "Accept: text/html,application/xhtml+xml,*/*;q=0.8", 302)]
    [InlineData("/", "Sec-Fetch-Mode: navigate|Cookie: AppServiceAuthSession=expired", 200)]
    // Whatever else asks.
    [InlineData("/", "Accept: */*", 401)]
    [InlineData("/assets/page.js", "Sec-Fetch-Mode: no-cors", 401)]
    [InlineData("/api/runs", "Sec-Fetch-Mode: cors", 401)]
    [InlineData("/api/runs", "Sec-Fetch-Mode: navigate", 401)]
    [InlineData("/API/runs", "Accept: text/html", 401)]
    [InlineData("/api/runs", "Cookie: AppServiceAuthSession=expired", 401)]
    [InlineData("/openapi/v1.json", "Accept: */*", 401)]
    [InlineData("/api/health", "Accept: */*", 200)]
    public async Task Request_OfNobodyKnown_IsSentToSignInOrRefused(string path, string headers, int status)
    {
        var context = await AskAsync(Rules, path, headers);
        context.Response.StatusCode.ShouldBe(status);
        if (status == 302) context.Response.Headers.Location.ToString().ShouldBe("/.auth/login/aad?post_login_redirect_uri=/");
        if (status == 401) context.Response.Headers.WWWAuthenticate.ToString().ShouldBe("Bearer");
    }

    [Theory]
    [InlineData("aad", "http://schemas.microsoft.com/identity/claims/objectidentifier", Named, 200)]
    [InlineData("aad", "oid", Named, 200)]
    [InlineData("aad", "groups", Group, 200)]
    [InlineData("aad", "groups", Named, 403)]
    [InlineData("aad", "oid", Group, 403)]
    [InlineData("aad", "name", Named, 403)]
    [InlineData("twitter", "oid", Named, 401)]
    public async Task Request_OfSomebodyKnown_PassesWhereHeIsNamed(string provider, string claim, string value, int status)
    {
        var principal = $$"""{ "auth_typ": "{{provider}}", "claims": [ { "typ": "{{claim}}", "val": "{{value}}" } ] }""";
        foreach (var path in new[] { "/", "/api/runs" })
            (await AskAsync(Rules, path, Header(principal))).Response.StatusCode.ShouldBe(status, path);
    }

    [Theory]
    [InlineData("not base64")]
    [InlineData("bm8ganNvbg==")]
    [InlineData("e30=")]
    [InlineData("bnVsbA==")]
    public async Task Request_WithAPrincipalThatIsNone_IsRefused(string header) =>
        (await AskAsync(Rules, "/api/runs", $"{SignInRules.PrincipalHeader}: {header}")).Response.StatusCode.ShouldBe(401);

    [Fact]
    public async Task Request_WhereThePlatformDoesNotCheck_IsRefusedWhoeverItClaimsToBe()
    {
        var rules = OrchestratorServices.SignIn(Settings(("R1_SIGN_IN", "true"), ("R1_SIGN_IN_IDENTITIES", Named)))!;
        var forged = Header($$"""{ "auth_typ": "aad", "claims": [ { "typ": "oid", "val": "{{Named}}" } ] }""");
        foreach (var path in new[] { "/", "/api/runs" })
            (await AskAsync(rules, path, forged)).Response.StatusCode.ShouldBe(503, path);
    }

    [Fact]
    public async Task Request_WhereNoSignInIsRequired_PassesThrough()
    {
        OrchestratorServices.SignIn(Settings()).ShouldBeNull();
        (await AskAsync(null, "/api/runs", "Accept: */*")).Response.StatusCode.ShouldBe(200);
    }

    private static string Header(string principal) =>
        $"{SignInRules.PrincipalHeader}: {Convert.ToBase64String(Encoding.UTF8.GetBytes(principal))}";

    private static async Task<HttpContext> AskAsync(SignInRules? rules, string path, string headers)
    {
        var services = new ServiceCollection().AddLogging().AddProblemDetails();
        if (rules is not null) services.AddSingleton(rules);
        await using var provider = services.BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = provider };
        (context.Request.Method, context.Request.Path) = ("GET", path);
        foreach (var header in headers.Split('|'))
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            context.Request.Headers.Append(header[..colon], header[(colon + 1)..].Trim());
        }
        await new SignInGate(_ => Task.CompletedTask, provider).InvokeAsync(context);
        return context;
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
