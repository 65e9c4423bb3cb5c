using System.Diagnostics;
using System.Text.Json.Nodes;
using R1Cloud.HubStandIn;
using R1Cloud.Testing;

namespace R1Cloud.Hub.Tests.StandIn;

/// <summary>The stand-in answers as the recordings say, and as the recordings' own stand-in does.</summary>
public sealed class StandInTests
{
    // Those that do not depend on time. What was uploaded was not recorded whole: see below.
    public static TheoryData<string, int, bool> Recordings => new()
    {
        { "snapshot", 4, true }, { "xet_unset", 1000, false }, { "revisions", 1000, false }, { "offline", 1000, false }, { "cut", 1000,
            true },
        { "cut_small", 1000, false }, { "cut_for_ever", 1000, false }, { "cut_range_ignored", 1000, false }, { "flipped", 1000, false },
        { "expired", 1000, false }, { "errors", 1000, false }, { "limits", 1000, false }, { "dataset", 1000, false }, { "parquet", 1000,
            false },
        { "wire", 1000, false },
    };

    private static HttpClient Client => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Answers_OfTheStandIn_AreThoseRecorded(string recording, int page, bool xet)
    {
        var exchanges = Replayed.Read(Fixtures.Shared($"data/hub/recordings/{recording}.jsonl"));
        await using var hub = await StandInHub.StartAsync(Fixtures.Shared("data/hub/tree"), page, xet);
        if (exchanges.Any(exchange => exchange.Path.Contains("acme/big", StringComparison.Ordinal)))
            hub.Add("models", "acme/big", new Dictionary<string, byte[]> { ["big.bin"] = await BigFileAsync() });
        using var client = Client;
        var repositories = 0;
        foreach (var exchange in exchanges.TakeWhile(exchange => exchange.IsWhole))
        {
            if (exchange.Planned is { } fault) hub.Plan(fault);
            exchange.ShouldBe(await exchange.SendAsync(client, hub.Url, hub.Cdn));
            repositories++;
        }
        repositories.ShouldBeGreaterThan(1);
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Answers_OfBothStandIns_AreTheSame(string recording, int page, bool xet)
    {
        var exchanges = Replayed.Read(Fixtures.Shared($"data/hub/recordings/{recording}.jsonl"))
            .Where(exchange => !exchange.Path.Contains("big", StringComparison.Ordinal) && exchange.IsWhole && exchange.Fault is null
                && !IsOfBig(exchange));
        var tree = Fixtures.Shared("data/hub/tree");
        using var python = await PythonHub.StartAsync(Fixtures.Shared("data/hub/standin.py"), tree,
            ["--page", $"{page}", .. xet ? (string[])["--xet"] : []]);
        await using var hub = await StandInHub.StartAsync(tree, page, xet);
        using var client = Client;
        foreach (var exchange in exchanges)
            await SameAsync(exchange, client, hub, python);
    }

    [Fact]
    public async Task Uploads_ToBothStandIns_AreAnsweredTheSame()
    {
        var tree = Fixtures.Shared("data/hub/tree");
        using var python = await PythonHub.StartAsync(Fixtures.Shared("data/hub/standin.py"), tree);
        await using var hub = await StandInHub.StartAsync(tree);
        using var client = Client;
        var sha256 = new StandInBlob("x.bin", "hello"u8.ToArray()).Sha256;
        var batch = $$"""{"operation":"upload","transfers":["basic"],"objects":[{"oid":"{{sha256}}","size":5}],"hash_algo":"sha256"}""";
        var lfs = $$$"""{"key":"lfsFile","value":{"path":"x.bin","algo":"sha256","oid":"{{{sha256}}}","size":5}}""";
        const string Head = """{"key":"header","value":{"summary":"One","description":""}}""";
        const string Note = """{"key":"file","value":{"content":"aGk=","path":"note/a.txt","encoding":"base64"}}""";
        const string Stale = """{"key":"header","value":{"summary":"Two","parentCommit":"0000000000000000000000000000000000000000"}}""";
        const string Gone = """{"key":"deletedFolder","value":{"path":"note/"}}""";
        (string Method, string Side, string Path, string Body, string? Token)[] steps =
        [
            ("POST", "HUB", "/api/repos/create", """{"name":"new","organization":"acme","visibility":"private"}""", null),
            ("POST", "HUB", "/api/repos/create", """{"name":"new","organization":"acme"}""", "hf_standin_read"),
            ("POST", "HUB", "/api/repos/create", """{"name":"new","organization":"acme","visibility":"private"}""", "hf_standin_write"),
            ("POST", "HUB", "/api/repos/create", """{"name":"new","organization":"acme"}""", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/preupload/main",
                """{"files":[{"path":"x.bin","sample":"aGVsbG8=","size":5},{"path":".gitattributes","sample":"","size":50}]}""", "hf_standin_write"),
            ("POST", "HUB", "/acme/new.git/info/lfs/objects/batch", batch, "hf_standin_write"),
            ("POST", "HUB", "/acme/new.git/info/lfs/objects/verify", $$"""{"oid":"{{sha256}}","size":5}""", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/commit/main", $"{Head}\n{lfs}\n", "hf_standin_write"),
            ("PUT", "CDN", $"/upload/{sha256}?Expires=TIME&Signature=SIG", "hello", null),
            ("PUT", "CDN", $"/upload/{sha256}?Expires=TIME&Signature=SIG", "hullo", null),
            ("POST", "HUB", "/acme/new.git/info/lfs/objects/verify", $$"""{"oid":"{{sha256}}","size":5}""", "hf_standin_write"),
            ("POST", "HUB", "/acme/new.git/info/lfs/objects/batch", batch, "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/commit/main", $"{Head}\n{lfs}\n{Note}\n", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/commit/main", $"{Stale}\n{Note}\n", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/commit/main", $"{Head}\n{Gone}\n", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/tag/main", """{"tag":"v1"}""", "hf_standin_write"),
            ("POST", "HUB", "/api/models/acme/new/branch/best", "", "hf_standin_write"),
            ("GET", "HUB", "/api/models/acme/new/refs", "", "hf_standin_write"),
            ("GET", "HUB", "/api/models/acme/new/tree/v1?recursive=true", "", "hf_standin_member"),
            ("GET", "HUB", "/api/models/acme/new?blobs=true", "", "hf_standin_member"),
            ("GET", "HUB", "/api/models/acme/new", "", "hf_standin_read"),
        ];
        foreach (var (method, side, path, body, token) in steps)
        {
            var headers = new JsonObject();
            if (token is not null) headers["authorization"] = $"Bearer {token}";
            await SameAsync(new(new JsonObject
            {
                ["host"] = side, ["method"] = method, ["path"] = path, ["request_headers"] = headers, ["request_body"] = body,
                    ["status"] = 0,
            }), client, hub, python);
        }
    }

    private static async Task SameAsync(Replayed exchange, HttpClient client, StandInHub hub, PythonHub python)
    {
        var ours = await exchange.SendAsync(client, hub.Url, hub.Cdn);
        var theirs = await exchange.SendAsync(client, python.Url, python.Cdn);
        ours.Status.ShouldBe(theirs.Status, exchange.ToString());
        ours.Headers.OrderBy(header => header.Key).ShouldBe(theirs.Headers.OrderBy(header => header.Key), exchange.ToString());
        if (ours.Headers.GetValueOrDefault("Content-Encoding") == "gzip") return; // packed by another packer
        if (ours.Headers.GetValueOrDefault("Content-Type")?.Contains("json", StringComparison.Ordinal) == true && ours.Text.Length > 0)
            JsonNode.DeepEquals(JsonNode.Parse(ours.Text), JsonNode.Parse(theirs.Text))
                .ShouldBeTrue($"{exchange}: {ours.Text} is not {theirs.Text}");
        else ours.Text.ShouldBe(theirs.Text, exchange.ToString());
    }

    private static bool IsOfBig(Replayed exchange) => exchange.Side == "CDN"
        && exchange.Recorded["response_headers"]!["Content-Length"] is { } length
        && int.Parse(length.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture) > 1 << 20;

    // The recordings' large file: Python's random bytes.
    private static async Task<byte[]> BigFileAsync()
    {
        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3",
                ["-c", "import random, sys; sys.stdout.buffer.write(random.Random(9).randbytes(24 << 20))"])
                { RedirectStandardOutput = true })!;
            using var bytes = new MemoryStream();
            await python.StandardOutput.BaseStream.CopyToAsync(bytes);
            await python.WaitForExitAsync();
            return bytes.ToArray();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no python3, which makes the recordings' large file.");
            throw;
        }
    }
}
