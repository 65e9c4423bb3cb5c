using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub.Tests;

public sealed class HubClientTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1.0", "[1]")]
    [InlineData("exp/a", "{}")]
    [InlineData("refs/heads/exp/a", "{}")]
    public async Task Fetch_OfARevision_BringsItsFilesAndKeepsItsCommit(string revision, string config)
    {
        await using var fixture = await HubFixture.StartAsync();
        var folder = await fixture.FetchAsync(fixture.Client(), revision: revision);
        File.ReadAllText(Path.Combine(folder, "config.json")).ShouldBe(config);
        File.ReadAllText(Path.Combine(fixture.CacheFolder, "models--acme--tiny/refs", revision)).ShouldBe(Path.GetFileName(folder));
    }

    [Theory]
    [InlineData(1000, false)]
    [InlineData(2, true)]
    public async Task Fetch_OfAll_BringsAllFiles(int page, bool xet)
    {
        await using var fixture = await HubFixture.StartAsync(page, xet);
        var folder = await fixture.FetchAsync(fixture.Client());
        HubFixture.ShouldHoldFiles(folder);
        folder.ShouldEndWith($"models--acme--tiny/snapshots/{fixture.Commit}");
    }

    [Fact]
    public async Task Fetch_Again_AsksForTheRevisionAlone()
    {
        await using var fixture = await HubFixture.StartAsync();
        await fixture.FetchAsync(fixture.Client());
        fixture.Hub.Take();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        fixture.Hub.Take().Select(exchange => exchange.Path).ShouldBe(["/api/models/acme/tiny"]);
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client(), revision: fixture.Commit));
        fixture.Hub.Take().ShouldBeEmpty("a commit always means the same");
    }

    [Fact]
    public async Task Fetch_OfAGatedModel_SendsTheTokenToTheHubAlone()
    {
        await using var fixture = await HubFixture.StartAsync();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client("hf_standin_member"), new(HubKind.Model, "acme/gated")));
        var exchanges = fixture.Hub.Take();
        exchanges.Where(exchange => exchange.Side == "HUB").ShouldAllBe(exchange =>
            exchange.Header("authorization") == "Bearer hf_standin_member");
        exchanges.Where(exchange => exchange.Side == "CDN").ShouldNotBeEmpty();
        exchanges.Where(exchange => exchange.Side == "CDN").ShouldAllBe(exchange => exchange.Header("authorization") == null);
    }

    [Theory]
    [InlineData("acme/gated", null, null, HubProblem.Gated, "no token reached the Hub (looked in HF_TOKEN)", "/acme/gated")]
    [InlineData("acme/gated", "hf_standin_read", null, HubProblem.Gated, "the token's account has no access yet", "/acme/gated")]
    [InlineData("acme/absent", null, null, HubProblem.MissingRepository, "acme/absent", "no token was found")]
    [InlineData("acme/absent", "hf_standin_read", null, HubProblem.MissingRepository, "acme/absent",
        "hidden from the account of the token")]
    [InlineData("acme/secret", "hf_standin_read", null, HubProblem.MissingRepository, "acme/secret",
        "hidden from the account of the token")]
    [InlineData("acme/tiny", "hf_wrong", null, HubProblem.BadToken, "does not know the token", "Invalid credentials")]
    [InlineData("acme/tiny", null, "nope", HubProblem.MissingRevision, "acme/tiny@nope", "no such revision")]
    [InlineData("acme/old", null, null, HubProblem.Renamed, "acme/old is called acme/tiny by now", "")]
    public async Task Fetch_OfWhatIsNotForUs_SaysWhy(string name, string? token, string? revision, HubProblem problem, string what,
        string why)
    {
        await using var fixture = await HubFixture.StartAsync();
        var error = await Should.ThrowAsync<HubException>(() =>
            fixture.FetchAsync(fixture.Client(token), new(HubKind.Model, name), revision));
        error.Problem.ShouldBe(problem, error.Message);
        error.Message.ShouldContain(what);
        error.Message.ShouldContain(why);
        if (token is not null) error.Message.ShouldNotContain(token);
        fixture.Time.Waits.ShouldBeEmpty("asking again would not help");
    }

    [Fact]
    public async Task Resolve_WhereNobodyListens_SaysSo()
    {
        await using var fixture = await HubFixture.StartAsync();
        var error = await Should.ThrowAsync<HubException>(() =>
            fixture.Client(endpoint: "http://127.0.0.1:9").ResolveAsync(HubFixture.Tiny, null, Stop));
        error.Problem.ShouldBe(HubProblem.Away);
        error.Message.ShouldContain("127.0.0.1:9");
    }

    [Fact]
    public async Task Offline_NothingIsAskedAndWhatIsThereIsUsed()
    {
        await using var fixture = await HubFixture.StartAsync();
        var nothing = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client(offline: true)));
        nothing.Problem.ShouldBe(HubProblem.Offline);
        nothing.Message.ShouldContain("HF_HUB_OFFLINE");
        await fixture.FetchAsync(fixture.Client());
        fixture.Hub.Take();
        var folder = await fixture.FetchAsync(fixture.Client(offline: true));
        HubFixture.ShouldHoldFiles(folder);

        File.Delete(Path.Combine(folder, "config.json"));
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client(offline: true))); // the content is there: its name is made again
        foreach (var blob in Directory.GetFiles(Path.Combine(fixture.CacheFolder, "models--acme--tiny/blobs"))) File.Delete(blob);
        var torn = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client(offline: true)));
        torn.Problem.ShouldBe(HubProblem.Offline);
        fixture.Hub.Take().ShouldBeEmpty();
    }

    [Fact]
    public async Task Tree_WithNamesThatLeadOut_IsRefused()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Add("models", "acme/evil", new Dictionary<string, byte[]> { ["../../evil.json"] = "{}"u8.ToArray() });
        var error = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client(), new(HubKind.Model, "acme/evil")));
        error.Problem.ShouldBe(HubProblem.Refused);
        Directory.GetFiles(fixture.Home, "evil.json", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Fetch_WithProgress_TellsAllBytes()
    {
        await using var fixture = await HubFixture.StartAsync();
        var client = fixture.Client();
        var told = new Told();
        await client.FetchAsync(HubFixture.Tiny, fixture.Commit, await client.FilesAsync(HubFixture.Tiny, fixture.Commit, Stop), told,
            Stop);
        told.Last.Done.ShouldBe(HubFixture.Files.Values.Sum(file => file.Length));
        told.Last.Total.ShouldBe(told.Last.Done);
    }

    private sealed class Told : IProgress<HubProgress>
    {
        public HubProgress Last { get; private set; }

        public void Report(HubProgress value) => Last = value;
    }
}
