using R1Cloud.Hub.Publishing;
using R1Cloud.Hub.Wire;
using R1Cloud.HubStandIn;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Hub.Tests.Publishing;

public sealed class HubPublisherTests : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TempFolder folder = new();

    public HubPublisherTests()
    {
        Write("config.json", "{}"u8.ToArray());
        Write("empty.safetensors", []);
        Write("README.md", "# Mine\n"u8.ToArray());
        Write("model-00001-of-00002.safetensors", HubFixture.Bytes(70_000, 1));
        Write("model-00002-of-00002.safetensors", HubFixture.Bytes(50_000, 2));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Publish_AFolder_IsOneCommitOfItsFiles()
    {
        await using var fixture = await HubFixture.StartAsync();
        var done = await PublishAsync(fixture);
        done.Changed.ShouldBe(Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)), ignoreOrder: true);
        var there = fixture.Hub.Repositories[("models", "acme/new")];
        there.IsPrivate.ShouldBeTrue();
        there.Refs["heads"]["main"].ShouldBe(done.Commit);
        foreach (var file in Directory.GetFiles(folder.Path))
            there.Commits[done.Commit][Path.GetFileName(file)].Content.AsSpan().SequenceEqual(File.ReadAllBytes(file)).ShouldBeTrue(file);
        var exchanges = fixture.Hub.Take();
        exchanges.Where(exchange => exchange.Side == "CDN").ShouldAllBe(exchange => exchange.Header("authorization") == null);
        exchanges.Count(exchange => exchange.Path.Contains("/verify", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Publish_Again_MakesNoSecondCommit()
    {
        await using var fixture = await HubFixture.StartAsync();
        var first = await PublishAsync(fixture);
        fixture.Hub.Take();
        var second = await PublishAsync(fixture);
        second.Commit.ShouldBe(first.Commit);
        second.Changed.ShouldBeEmpty();
        fixture.Hub.Take().ShouldNotContain(exchange => exchange.Path.Contains("/commit/", StringComparison.Ordinal)
            || exchange.Side == "CDN");

        Write("config.json", "{ }"u8.ToArray());
        (await PublishAsync(fixture)).Changed.ShouldBe(["config.json"]);
    }

    [Fact]
    public async Task Publish_BrokenOff_GoesOnWithTheFileItWasAt()
    {
        await using var fixture = await HubFixture.StartAsync();
        var second = new StandInBlob("x.bin", HubFixture.Bytes(50_000, 2)).Sha256;
        fixture.Hub.Plan(new($"/upload/{second}", "status") { Side = "CDN", Times = 99 });
        (await Should.ThrowAsync<HubException>(() => PublishAsync(fixture))).Problem.ShouldBe(HubProblem.Away);
        fixture.Hub.Repositories[("models", "acme/new")].Commits.Count.ShouldBe(1, "nothing is seen of it");
        fixture.Hub.Take();
        fixture.Hub.Unplan();
        await PublishAsync(fixture);
        fixture.Hub.Take().Where(exchange => exchange.Method == "PUT").ShouldAllBe(exchange =>
            exchange.Path.Contains(second, StringComparison.Ordinal), "the first file is there");
    }

    [Fact]
    public async Task Publish_UploadLinkExpired_AsksForANewOne()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/upload/", "status") { Side = "CDN", Status = 403 });
        await PublishAsync(fixture);
        fixture.Hub.Take().Count(exchange => exchange.Path.EndsWith("/batch", StringComparison.Ordinal)).ShouldBe(3);
    }

    // The Hub made the commit, and its answer was lost on the way.
    [Fact]
    public async Task Publish_AnswerOfTheCommitLost_MakesNoSecondOne()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/commit/", "lose"));
        var done = await PublishAsync(fixture);
        var there = fixture.Hub.Repositories[("models", "acme/new")];
        there.Commits.Count.ShouldBe(2, "the one that the Hub makes with the repository, and ours");
        there.Refs["heads"]["main"].ShouldBe(done.Commit);
        done.Changed.Count.ShouldBe(5);
    }

    [Fact]
    public async Task Publish_OtherCommitInBetween_IsMadeOnTopOfIt()
    {
        await using var fixture = await HubFixture.StartAsync();
        await PublishAsync(fixture);
        Write("config.json", "{ }"u8.ToArray());
        var there = fixture.Hub.Repositories[("models", "acme/new")];
        fixture.Hub.Plan(new("/tree/", "none")
        {
            Taken = () =>
            {
                var head = there.Refs["heads"]["main"];
                there.Refs["heads"]["main"] = there.Commit(new(there.Commits[head], StringComparer.Ordinal)
                {
                    ["note.txt"] = new("note.txt", "hello"u8.ToArray()),
                }, head, "Another's");
            },
        });
        var done = await PublishAsync(fixture);
        there.Commits[done.Commit].Keys.ShouldContain("note.txt");
        there.Commits[done.Commit]["config.json"].Size.ShouldBe(3);
    }

    [Fact]
    public async Task Publish_CutIntoOtherShards_LeavesNoneOfTheFormer()
    {
        await using var fixture = await HubFixture.StartAsync();
        await PublishAsync(fixture);
        File.Delete(folder["model-00001-of-00002.safetensors"]);
        File.Delete(folder["model-00002-of-00002.safetensors"]);
        Write("model.safetensors", HubFixture.Bytes(120_000, 3));
        var done = await PublishAsync(fixture);
        fixture.Hub.Repositories[("models", "acme/new")].Commits[done.Commit].Keys
            .ShouldBe([".gitattributes", "README.md", "config.json", "empty.safetensors", "model.safetensors"]);
    }

    [Fact]
    public async Task Publish_OfLargeFiles_IsInParts()
    {
        await using var hub = await StandInHub.StartAsync(partSize: 16_000);
        await using var fixture = await HubFixture.StartAsync();
        using var http = fixture.Http("hf_standin_write", endpoint: hub.Url);
        var done = await new HubPublisher(http).PublishAsync("acme/new", folder.Path, Nothing, new() { Message = "Publish" }, null, Stop);
        hub.Parts.Count.ShouldBe(5 + 4);
        hub.Repositories[("models", "acme/new")].Commits[done.Commit]["model-00001-of-00002.safetensors"].Content
            .AsSpan().SequenceEqual(HubFixture.Bytes(70_000, 1)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(null, "no token was found")]
    [InlineData("hf_standin_read", "You need a write token")]
    public async Task Publish_WithoutTheRight_SaysSo(string? token, string message)
    {
        await using var fixture = await HubFixture.StartAsync();
        var error = await Should.ThrowAsync<HubException>(() => PublishAsync(fixture, token));
        error.Message.ShouldContain(message);
        error.IsPassing.ShouldBeFalse();
    }

    [Fact]
    public async Task Publish_LinkOutOfTheFolder_SendsNothing()
    {
        await using var fixture = await HubFixture.StartAsync();
        using var other = new TempFolder();
        await File.WriteAllTextAsync(other["secret"], "secret", Stop);
        File.CreateSymbolicLink(folder["LICENSE"], other["secret"]);
        await Should.ThrowAsync<BadInputException>(() => PublishAsync(fixture));
        fixture.Hub.Take().ShouldBeEmpty();
    }

    private Task<Publication> PublishAsync(HubFixture fixture, string? token = "hf_standin_write") => new HubPublisher(fixture.Http(token))
        .PublishAsync("acme/new", folder.Path, Nothing, new() { Message = "Publish", IsPrivate = true }, null, Stop);

    private void Write(string name, byte[] content) => File.WriteAllBytes(folder[name], content);
}
