using System.Net;
using System.Text;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>What web pages of others can do with the API through their visitor's browser.</summary>
public class BrowserRulesTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData(null, null, 202)] // no browser
    [InlineData("none", null, 202)] // typed by its user
    [InlineData("same-origin", "own", 202)] // the host's own page
    [InlineData(null, "own", 202)]
    [InlineData("same-site", null, 403)] // another port of this machine
    [InlineData("same-site", "own", 403)]
    [InlineData("cross-site", null, 403)]
    [InlineData(null, "http://127.0.0.1:1", 403)]
    [InlineData(null, "http://attacker.example", 403)]
    [InlineData(null, "null", 403)] // a sandboxed frame, a file
    [InlineData("same-origin", "http://localhost", 403)]
    [InlineData("unheard-of", null, 403)]
    public async Task Post_FromAPage_IsTakenFromTheHostsOwnAlone(string? site, string? origin, int status)
    {
        var own = fixture.Server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        foreach (var (path, body) in new[] { ("/api/runs/stuck/resume", ""), ("/api/runs?id=done", TestRecipes.Json()) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post,
                path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
            if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin == "own" ? own : origin);
            using var response = await fixture.Server.Client.SendAsync(request);
            ((int)response.StatusCode).ShouldBe(status, path);
            if (status == 403) response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        }
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task OtherMethod_FromAnotherPage_IsRefusedBeforeItIsLookedAt(string method)
    {
        using var request = new HttpRequestMessage(new(method), "/api/runs/done");
        request.Headers.Add("Sec-Fetch-Site", "same-site");
        (await fixture.Server.Client.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/json, text/plain")]
    [InlineData(null)]
    public async Task Post_OfATypeThatFormsCanSend_IsRefused(string? type)
    {
        foreach (var path in (string[])["/api/runs?id=done", "/api/reuse", "/api/runs/stuck/pause", "/api/runs/stuck/cancel"])
            await new ApiCase("type", "POST", path, 415) { Body = TestRecipes.Json(), ContentType = type }.RunAsync(fixture.Server.Client);
    }

    [Fact]
    public async Task Response_OfEveryCase_KeepsBrowsersOut()
    {
        foreach (var item in ApiCases.All)
        {
            var seen = item with
            {
                Contains = [],
                Check = (response, _) =>
                {
                    response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"], item.Name);
                    response.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"], item.Name);
                    response.Headers.GetValues("Cache-Control").ShouldBe(["no-store"], item.Name);
                    var policy = response.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem(item.Name);
                    foreach (var rule in (string[])["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"])
                        policy.ShouldContain(rule, customMessage: item.Name);
                },
            };
            await seen.RunAsync(fixture.Server.Client);
        }
    }

    [Theory]
    [InlineData("html")]
    [InlineData("svg")]
    [InlineData("md")]
    [InlineData("json")]
    public Task Report_OutOfStorage_IsShownInASandbox(string format) =>
        new ApiCase("report", "GET", $"/api/runs/done/report?format={format}", 200)
    {
        Check = (response, _) =>
        {
            var rules = response.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().Split("; ");
            rules.ShouldContain("sandbox"); // without allow-scripts and allow-same-origin
            rules.ShouldContain("default-src 'none'");
            rules.ShouldContain("frame-ancestors 'none'");
        },
    }.RunAsync(fixture.Server.Client);
}
