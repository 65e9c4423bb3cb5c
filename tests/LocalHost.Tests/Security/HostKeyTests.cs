using System.Net;
using System.Text;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Security;

/// <summary>The host's key, and what web pages and names that lead here can do without it.</summary>
public sealed class HostKeyTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    [Fact]
    public void Start_DataFolder_IsThisUsersAloneAndTellsTheKey()
    {
        Assert.SkipUnless(FileStatus.IsKnown, "This system does not tell who may read a file.");
        FileStatus.Of(fixture.Host.Data.Path).ShouldNotBeNull().Mode.ShouldBe(PrivateFolder.Mode);
        FileStatus.Of(fixture.Host.Data.HostFile).ShouldNotBeNull().Mode.ShouldBe(PrivateFolder.FileMode);
        fixture.Host.Data.ReadHost().ShouldNotBeNull().Key.ShouldBe(fixture.Host.Key);
        fixture.Host.Key.Length.ShouldBeGreaterThanOrEqualTo(43); // 32 bytes
        ApiKeys.Create().ShouldNotBe(ApiKeys.Create());
        fixture.Host.Data.Warning().ShouldBeNull();
    }

    [Fact]
    public void Address_ForPeople_CarriesTheKeyWhereNoServerSeesIt()
    {
        var address = fixture.Host.AddressWithKey;
        address.PathAndQuery.ShouldBe("/");
        address.Fragment.ShouldBe("#key=" + fixture.Host.Key);
        ApiKeys.In(address).ShouldBe(fixture.Host.Key);
        ApiKeys.Without(address).ShouldBe(fixture.Host.Address);
    }

    [Fact]
    public async Task Api_WithoutTheKey_IsClosedButForHealth()
    {
        using var http = fixture.Client(withKey: false);
        (await http.GetAsync("/api/runs")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await http.GetAsync("/openapi/v1.json")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await http.GetAsync("/api/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var own = fixture.Client();
        (await own.GetAsync("/api/runs")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/runs", null)]
    [InlineData("/api/health", null)]
    [InlineData("/nowhere", null)]
    [InlineData("/api/runs", "attacker.example")] // a name that was made to lead here
    public async Task Response_WhateverItSays_TellsBrowsersToKeepOut(string path, string? host)
    {
        using var http = fixture.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (host is not null) request.Headers.Host = host;
        using var response = await http.SendAsync(request);
        if (host is not null) response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        response.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        response.Headers.GetValues("Cache-Control").ShouldBe(["no-store"]);
        var policy = response.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        foreach (var rule in (string[])["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) policy.ShouldContain(rule);
    }

    [Fact]
    public async Task Storage_AskedUnderAnotherName_IsClosed()
    {
        var endpoint = new Uri(fixture.Host.StorageName.Split("BlobEndpoint=")[1].Split(';')[0]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var (name, expected) in new[] { ("attacker.example", true), ($"attacker.example:{endpoint.Port}", true),
            ("127.0.0.1", true), (endpoint.Authority, false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{endpoint}/{BlobLayout.Container}?restype=container&comp=list");
            request.Headers.Host = name;
            using var response = await http.SendAsync(request);
            (await response.Content.ReadAsStringAsync() == "not this host").ShouldBe(expected, name);
        }
    }

    [Fact]
    public void Warning_FolderThatOthersMayRead_IsTold()
    {
        Assert.SkipUnless(FileStatus.IsKnown, "This system does not tell who may read a file.");
        using var folder = new TestFolder();
        var data = new DataFolder(folder.Root);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Root, PrivateFolder.Mode | UnixFileMode.GroupRead | UnixFileMode.OtherExecute);
        data.Acquire().Dispose();
        data.Warning().ShouldNotBeNull().ShouldContain("mode 741");
        data.Warning()!.ShouldContain("chmod 700");
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/etc/passwd")]
    [InlineData("/proc/self/environ")]
    [InlineData("blob:")]
    [InlineData("blob:/")]
    [InlineData("blob:../other")]
    public async Task Recipe_FileThatIsNotForIt_IsUnprocessable(string file)
    {
        using var http = fixture.Client();
        foreach (var route in (string[])["/api/runs", "/api/reuse"])
        {
            using var response = await http.PostAsync(route, Json(file));
            response.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            (await response.Content.ReadAsStringAsync()).ShouldContain("tasks.t.files");
        }
    }

    [Fact]
    public async Task Recipe_FileBelowANamedFolder_IsTaken()
    {
        File.WriteAllText(Path.Combine(fixture.Files, "rows.jsonl"), """{"prompt":"1+1=","answer":"2"}""");
        using var http = fixture.Client();
        using var response = await http.PostAsync("/api/reuse", Json(Path.Combine(fixture.Files, "rows.jsonl")));
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static StringContent Json(string file) => new($$"""
        {
          "extends": "r1-zero", "name": "door",
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 }, "t": { "kind": "dataset", "files": ["{{file}}"] } },
          "stages": {
            "base": {
              "kind": "pretrain", "task": "addition", "steps": 60, "batchSize": 16,
              "model": { "hiddenSize": 32, "layers": 2, "heads": 2, "kvHeads": 1, "intermediateSize": 48, "maxPositions": 64 },
              "optimizer": { "learningRate": 5e-3, "warmupSteps": 5 }
            },
            "r1-zero": {
              "from": "base", "task": "t", "iterations": 1, "questions": 4, "groupSize": 4, "miniBatches": 1,
              "sampling": { "maxNewTokens": 24 }, "rewards": { "accuracy/exact": 1 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 16, "samples": 2, "sampling": { "temperature": 0.6, "maxNewTokens": 24 } }
        }
        """, Encoding.UTF8, "application/json");
}
