using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Web.Tests;

/// <summary>How the page's files are served.</summary>
public sealed class PageMiddlewareTests
{
    private static PageFile Asset => PageFiles.All.Values.First(file => file.IsImmutable && file.Compressed is not null);

    [Fact]
    public async Task Index_Asked_IsServedWithItsRules()
    {
        var response = await AskAsync("GET", "/");
        response.StatusCode.ShouldBe(200);
        response.ContentType.ShouldBe("text/html; charset=utf-8");
        response.Headers.CacheControl.ToString().ShouldBe("no-cache");
        var policy = response.Headers.ContentSecurityPolicy.ToString();
        policy.ShouldStartWith("default-src 'none'");
        policy.ShouldNotContain("unsafe");
        policy.ShouldNotContain("*");
        Body(response).ShouldBe(PageFiles.Find("/")!.Content.ToArray());
    }

    [Fact]
    public async Task Asset_Asked_MayBeKeptForGood()
    {
        var response = await AskAsync("GET", Asset.Path);
        response.Headers.CacheControl.ToString().ShouldContain("immutable");
        response.Headers.ETag.ToString().ShouldBe(Asset.ETag);
    }

    [Theory]
    [InlineData("gzip, br", true)]
    [InlineData("BR;q=0.5", true)]
    [InlineData("br;q=0", false)]
    [InlineData("gzip", false)]
    [InlineData("", false)]
    [InlineData("nonsense;;;", false)]
    public async Task Asset_EncodingThatIsTaken_IsShrunk(string accepted, bool shrunk)
    {
        var response = await AskAsync("GET", Asset.Path, headers => headers.AcceptEncoding = accepted);
        response.Headers.ContentEncoding.ToString().ShouldBe(shrunk ? "br" : "");
        response.Headers.Vary.ToString().ShouldBe("Accept-Encoding");
        response.ContentLength.ShouldBe(Body(response).Length);
        var content = shrunk ? Expand(Body(response)) : Body(response);
        content.ShouldBe(Asset.Content.ToArray());
    }

    [Theory]
    [InlineData("{0}", 304)]
    [InlineData("\"other\", W/{0}", 304)]
    [InlineData("*", 304)]
    [InlineData("\"other\"", 200)]
    [InlineData("nonsense", 200)]
    public async Task Index_TagThatIsKnown_IsNotSentAgain(string known, int status)
    {
        var response = await AskAsync("GET", "/", headers => headers.IfNoneMatch = string.Format(null, known, PageFiles.Find("/")!.ETag));
        response.StatusCode.ShouldBe(status);
        (Body(response).Length == 0).ShouldBe(status == 304);
    }

    [Fact]
    public async Task Head_Asked_HasNoBody()
    {
        var response = await AskAsync("HEAD", "/");
        response.ContentLength.ShouldNotBeNull().ShouldBeGreaterThan(0);
        Body(response).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/runs", "", "/#/runs")]
    [InlineData("/runs/quickstart-1/curves", "?stage=rl", "/#/runs/quickstart-1/curves?stage=rl")]
    [InlineData("/runs//elsewhere.example", "", "/#/runs//elsewhere.example")]
    [InlineData("/runs/a b#c\r\n", "", "/#/runs/a%20b%23c%0D%0A")]
    public async Task Run_AddressWithoutAFragment_LeadsToTheView(string path, string query, string view)
    {
        var response = await AskAsync("GET", path, query: query);
        response.StatusCode.ShouldBe(302);
        response.Headers.Location.ToString().ShouldBe(view);
    }

    [Theory]
    [InlineData("POST", "/")]
    [InlineData("POST", "/runs/one")]
    [InlineData("GET", "/runsaway")]
    [InlineData("GET", "/api/runs")]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/Assets/x.js")]
    public async Task Others_Asked_AreLeftToWhatComesAfter(string method, string path) =>
        (await AskAsync(method, path)).StatusCode.ShouldBe(418);

    private static async Task<HttpResponse> AskAsync(string method, string path, Action<IHeaderDictionary>? with = null, string query = "")
    {
        var context = new DefaultHttpContext();
        context.Request.QueryString = new(query);
        (context.Request.Method, context.Request.Path, context.Response.Body) = (method, path, new MemoryStream());
        with?.Invoke(context.Request.Headers);
        await new PageMiddleware(next =>
        {
            next.Response.StatusCode = 418;
            return Task.CompletedTask;
        }).InvokeAsync(context);
        return context.Response;
    }

    private static byte[] Body(HttpResponse response) => ((MemoryStream)response.Body).ToArray();

    private static byte[] Expand(byte[] shrunk)
    {
        var content = new MemoryStream();
        using (var brotli = new BrotliStream(new MemoryStream(shrunk), CompressionMode.Decompress)) brotli.CopyTo(content);
        return content.ToArray();
    }
}
