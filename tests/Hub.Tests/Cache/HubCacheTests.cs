using System.Text.Json.Nodes;
using R1Cloud.Hub.Cache;
using R1Cloud.HubStandIn;
using R1Cloud.Testing;

namespace R1Cloud.Hub.Tests.Cache;

public sealed class HubCacheTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The Hub's own client left these files; what only we keep is a note of each hash that was seen to be right.</summary>
    [Fact]
    public async Task Cache_AfterAFetch_IsTheOneOfTheHubsOwnClient()
    {
        await using var hub = await StandInHub.StartAsync(Fixtures.Shared("data/hub/tree"), page: 4, xet: true);
        await using var fixture = await HubFixture.StartAsync();
        await fixture.FetchAsync(fixture.Client(endpoint: hub.Url), new(HubKind.Model, "acme/tiny-llama"));
        Entries(fixture.CacheFolder).Where(entry => !entry.Contains("/.verified/", StringComparison.Ordinal))
            .ShouldBe(File.ReadAllLines(Fixtures.Shared("data/hub/recordings/snapshot-cache.txt")).Select(line => line["hub/".Length..]),
                ignoreOrder: true);
    }

    [Fact]
    public async Task Tree_IsWrittenAsTheHubsOwnClientReadsIt()
    {
        await using var fixture = await HubFixture.StartAsync();
        await fixture.FetchAsync(fixture.Client());
        var tree = JsonNode.Parse(await File.ReadAllTextAsync(
            Path.Combine(fixture.CacheFolder, $"models--acme--tiny/trees/{fixture.Commit}.json"), Stop))!;
        var weights = new StandInBlob("model.safetensors", HubFixture.Large);
        tree["format_version"]!.GetValue<int>().ShouldBe(1);
        tree["files"]!.AsObject().Select(file => file.Key).ShouldBe(HubFixture.Files.Keys, ignoreOrder: true);
        JsonNode.DeepEquals(tree["files"]!["model.safetensors"], new JsonObject
        {
            ["size"] = weights.Size, ["blob_id"] = weights.Oid, ["lfs_sha256"] = weights.Sha256, ["lfs_size"] = weights.Size,
        }).ShouldBeTrue();
        File.ReadAllText(Path.Combine(fixture.CacheFolder, "models--acme--tiny/refs/main")).ShouldBe(fixture.Commit, "no line feed");
    }

    // As the Hub's own client leaves it, and as it did before it wrote trees.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cache_OfTheHubsOwnClient_IsUsed(bool withTree)
    {
        await using var fixture = await HubFixture.StartAsync();
        var folder = await fixture.FetchAsync(fixture.Client());
        var repository = Path.Combine(fixture.CacheFolder, "models--acme--tiny");
        Directory.Delete(Path.Combine(repository, ".verified"), recursive: true);
        if (!withTree) Directory.Delete(Path.Combine(repository, "trees"), recursive: true);
        fixture.Hub.Take();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client(offline: true), revision: "main"));
        fixture.Hub.Take().ShouldBeEmpty();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        fixture.Hub.Take().ShouldAllBe(exchange => exchange.Side == "HUB", "no content is fetched again");
    }

    [Fact]
    public async Task Cache_WithoutLinks_HoldsFiles()
    {
        await using var fixture = await HubFixture.StartAsync();
        var folder = await fixture.FetchAsync(fixture.Client(plain: true));
        HubFixture.ShouldHoldFiles(folder);
        new FileInfo(Path.Combine(folder, "config.json")).LinkTarget.ShouldBeNull();
        fixture.Hub.Take();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client(plain: true), revision: fixture.Commit));
        fixture.Hub.Take().ShouldBeEmpty();
    }

    [Fact]
    public async Task Lock_ThatNobodyGivesBack_IsNotWaitedForForEver()
    {
        await using var fixture = await HubFixture.StartAsync();
        var etag = new StandInBlob("model.safetensors", HubFixture.Large).Etag;
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(fixture.CacheFolder, ".locks/models--acme--tiny")).FullName, etag
            + ".lock");
        await using var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        fixture.Time.Waits.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait).ShouldBeInRange(TimeSpan.FromSeconds(60),
            TimeSpan.FromSeconds(70));
    }

    private static IEnumerable<string> Entries(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file) + (new FileInfo(file).LinkTarget is { } target ? $" -> {target}" : ""));
}
