using System.Net;
using System.Text.Json;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tests.Api;

public class RunApiTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    public static TheoryData<string> Names => [.. ApiCases.All.Select(item => item.Name)];

    [Theory, MemberData(nameof(Names))]
    public Task Request_OfTheTable_IsAnsweredAsItSays(string name) =>
        ApiCases.All.Single(item => item.Name == name).RunAsync(fixture.Server.Client);

    [Fact]
    public async Task OpenApi_Document_DescribesEveryRoute()
    {
        var document = JsonSerializer.Deserialize<JsonElement>(await fixture.Server.Client.GetStringAsync(ApiRoutes.OpenApi));

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Path: path.Name, Operation: operation.Value)))
            .Where(item => item.Path.StartsWith("/api", StringComparison.Ordinal)).ToList();
        operations.Count.ShouldBe(29);
        operations.ShouldAllBe(item => item.Operation.GetProperty("summary").GetString()!.Length > 10);
        operations.Select(item => item.Operation.GetProperty("operationId").GetString()).ShouldBeUnique();
        var create = document.GetProperty("paths").GetProperty("/api/runs").GetProperty("post");
        create.GetProperty("responses").EnumerateObject().Select(response => response.Name)
            .ShouldBe(["202", "400", "401", "408", "409", "413", "415", "422", "429", "500", "503"], ignoreOrder: true);
        create.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/json", out _).ShouldBeTrue();
        document.GetProperty("components").GetProperty("schemas").TryGetProperty("RunView", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task OpenApi_Document_HasATitleAndSaysHowToSignIn()
    {
        var document = JsonSerializer.Deserialize<JsonElement>(await fixture.Server.Client.GetStringAsync(ApiRoutes.OpenApi));

        document.GetProperty("info").GetProperty("title").GetString().ShouldBe("R1 Cloud run API");
        var (name, scheme) = document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject()
            .Select(item => (item.Name, item.Value)).Single();
        scheme.GetProperty("type").GetString().ShouldBe("apiKey");
        scheme.GetProperty("in").GetString().ShouldBe("header");
        scheme.GetProperty("name").GetString().ShouldBe("X-Api-Key");
        document.GetProperty("security")[0].TryGetProperty(name, out _).ShouldBeTrue();
        document.GetProperty("paths").GetProperty("/api/health").GetProperty("get").GetProperty("security").GetArrayLength()
            .ShouldBe(0, "open to anybody");
        document.GetProperty("paths").GetProperty("/api/runs").GetProperty("get").TryGetProperty("security", out _)
            .ShouldBeFalse("as the document says");
    }

    [Fact]
    public async Task Middleware_OutsideTheApi_LeavesAnswersAlone()
    {
        using var response = await fixture.Server.Client.GetAsync("/outside");
        response.StatusCode.ShouldBe((HttpStatusCode)418);
        (await response.Content.ReadAsStringAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Remove_AFinishedRun_TellsWhatWentAndWhatStays()
    {
        await using var server = await ApiServer.StartAsync();
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "a", null);
        await server.Pipeline.WaitAsync("a", RunStatus.Completed);
        await new ApiCase("fork", "POST", "/api/runs/a/fork", 202) { Body = """{ "at": "base", "name": "b" }""" }.RunAsync(server.Client);
        await server.Pipeline.WaitAsync("b", RunStatus.Completed);
        await new ApiCase("parent", "DELETE", "/api/runs/a", 200)
        {
            Contains = ["\"runId\":\"a\"", "\"path\":\"runs/a/checkpoints/base/step-000006/\",\"by\":[\"b\"]"],
        }.RunAsync(server.Client);
        await new ApiCase("fork", "DELETE", "/api/runs/b", 200) { Contains = ["\"kept\":[]"] }.RunAsync(server.Client);
        await new ApiCase("gone", "GET", "/api/runs/a", 404).RunAsync(server.Client);
    }

    [Fact]
    public async Task StorageAway_IsServiceUnavailable()
    {
        await using var server = await ApiServer.StartAsync();
        server.Pipeline.Blobs.OnAccess = path => throw new StorageException($"Reading '{path}' failed: connection refused.");
        await new ApiCase("storage", "GET", "/api/runs/some", 503) { Contains = ["connection refused"] }.RunAsync(server.Client);
    }

    [Fact]
    public async Task Bug_IsInternalErrorWithoutDetails()
    {
        await using var server = await ApiServer.StartAsync();
        server.Pipeline.Blobs.OnAccess = _ => throw new InvalidCastException("secret details");
        await new ApiCase("bug", "GET", "/api/runs/some", 500) { Check = (_, body) => body.ShouldNotContain("secret") }
            .RunAsync(server.Client);
    }

    [Fact]
    public async Task ApiKey_WhenSet_IsRequiredButForHealth()
    {
        await using var server = await ApiServer.StartAsync(new() { ApiKey = "s3cret" });
        var right = new Dictionary<string, string> { ["X-Api-Key"] = "s3cret" };
        var wrong = new Dictionary<string, string> { ["X-Api-Key"] = "s3cre" };

        await new ApiCase("none", "GET", "/api/runs", 401).RunAsync(server.Client);
        await new ApiCase("wrong", "GET", "/api/runs", 401) { Headers = wrong }.RunAsync(server.Client);
        await new ApiCase("right", "GET", "/api/runs", 200) { Headers = right }.RunAsync(server.Client);
        await new ApiCase("health", "GET", "/api/health", 200).RunAsync(server.Client);
        (await server.Client.GetAsync(ApiRoutes.OpenApi)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000", null, true)]
    [InlineData("http://localhost:5000", "", true)]
    [InlineData("http://[::1]:5000", null, true)]
    [InlineData("http://0.0.0.0:5000", null, false)]
    [InlineData("http://[::]:5000", null, false)]
    [InlineData("http://+:80", null, false)]
    [InlineData("http://*:80", null, false)]
    [InlineData("http://192.168.1.7:80", null, false)]
    [InlineData("http://192.168.1.7:80", "key", true)]
    public void ApiKeyRule_BeyondLoopback_WantsAKey(string url, string? key, bool allowed)
    {
        var check = () => ApiKeyRule.Check([url], key);
        if (allowed) check.ShouldNotThrow();
        else check.ShouldThrow<InvalidOperationException>().Message.ShouldContain(url);
    }
}
