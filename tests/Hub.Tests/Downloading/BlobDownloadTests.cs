using R1Cloud.Hub.Wire;
using R1Cloud.HubStandIn;

namespace R1Cloud.Hub.Tests.Downloading;

public sealed class BlobDownloadTests
{
    private const string Partials = "*.incomplete";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Download_CutSeveralTimes_GoesOnWhereItEnded()
    {
        await using var fixture = await HubFixture.StartAsync();
        foreach (var after in (int[])[1_100_000, 700_000, 0, 0, 300_000])
            fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", After = after });
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        Ranges(fixture).ShouldBe([null, "bytes=1100000-", "bytes=1800000-", "bytes=1800000-", "bytes=1800000-", "bytes=2100000-"]);
        PartialsOf(fixture).ShouldBeEmpty();
    }

    [Fact]
    public async Task Download_CutForEver_EndsWithAnErrorAndKeepsWhatCame()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", After = 1000, Times = 1 });
        fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", Times = 99 });
        var error = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client()));
        error.Problem.ShouldBe(HubProblem.Away);
        error.Message.ShouldContain("model.safetensors: 1000 of 3000017 bytes came");
        new FileInfo(PartialsOf(fixture).ShouldHaveSingleItem()).Length.ShouldBe(1000);
    }

    // As after a kill: the process that began it is gone, in the midst of a file.
    [Fact]
    public async Task Download_BegunByAnother_IsGoneOnWith()
    {
        await using var fixture = await HubFixture.StartAsync();
        var partial = Path.Combine(fixture.CacheFolder, "models--acme--tiny/blobs",
            new StandInBlob("model.safetensors", HubFixture.Large).Etag + ".r1.incomplete");
        fixture.Hub.Plan(new("/file/", "stall") { Side = "CDN", After = 2_000_000, Until = new TaskCompletionSource().Task });
        using (var killed = CancellationTokenSource.CreateLinkedTokenSource(Stop))
        {
            var first = fixture.FetchAsync(fixture.Client(), cancellation: killed.Token);
            while (!File.Exists(partial) || new FileInfo(partial).Length < 1 << 20) await Task.Delay(10, Stop);
            await killed.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => first);
        }
        var length = new FileInfo(partial).Length;
        length.ShouldBeGreaterThan(1 << 20);
        fixture.Hub.Take();
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        Ranges(fixture).ShouldBe([$"bytes={length}-"]);
        PartialsOf(fixture).ShouldBeEmpty();
    }

    [Fact]
    public async Task Download_WholeButNotNamedYet_AsksForNoBytes()
    {
        await using var fixture = await HubFixture.StartAsync();
        var blob = new StandInBlob("model.safetensors", HubFixture.Large);
        var blobs = Directory.CreateDirectory(Path.Combine(fixture.CacheFolder, "models--acme--tiny/blobs")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(blobs, blob.Etag + ".r1.incomplete"), HubFixture.Large, Stop);
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        Ranges(fixture).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1000)] // its beginning is wrong
    [InlineData(4_000_000)] // it is too long
    public async Task Download_OfAPartialThatIsDamaged_BeginsAnew(int length)
    {
        await using var fixture = await HubFixture.StartAsync();
        var blob = new StandInBlob("model.safetensors", HubFixture.Large);
        var blobs = Directory.CreateDirectory(Path.Combine(fixture.CacheFolder, "models--acme--tiny/blobs")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(blobs, blob.Etag + ".r1.incomplete"), HubFixture.Bytes(length, 99), Stop);
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        Ranges(fixture)[^1].ShouldBeNull();
    }

    [Fact]
    public async Task Download_RangeIgnored_BeginsAnew()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", After = 1_000_000 });
        fixture.Hub.Plan(new("/file/", "ignore-range") { Side = "CDN" });
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        Ranges(fixture).ShouldBe([null, "bytes=1000000-"]);
    }

    [Fact]
    public async Task Download_AfterACut_AsksForTheRestOfTheSameBytes()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", After = 1_000_000 });
        await fixture.FetchAsync(fixture.Client());
        var tags = fixture.Hub.Take().Where(exchange => exchange.Side == "CDN").Select(exchange => exchange.Header("if-range")).ToList();
        tags[0].ShouldBeNull();
        tags[1].ShouldNotBeNull().Length.ShouldBe(66, "the strong tag that the storage gave, not the file's hash");
        tags[1].ShouldNotBe($"\"{new StandInBlob("x.bin", HubFixture.Large).Sha256}\"");
    }

    [Fact]
    public async Task Download_LinkExpired_AsksForANewOne()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/file/", "cut") { Side = "CDN", After = 1_000_000 });
        fixture.Hub.Plan(new("/file/", "status") { Side = "CDN", Status = 403 });
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
        var exchanges = fixture.Hub.Take();
        exchanges.Count(exchange => exchange.Path.Contains("/resolve/", StringComparison.Ordinal)
            && exchange.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Theory]
    [InlineData("/file/", "model.safetensors")] // an LFS file: by SHA-256
    [InlineData("/resolve-cache/.*config.json", "config.json")] // another: by git's SHA-1
    public async Task Download_OfAWrongByte_IsSeenAndTriedAgain(string on, string file)
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new(on, "flip"));
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));

        fixture.Hub.Add("models", "acme/other", new Dictionary<string, byte[]> { [file] = HubFixture.Bytes(500, 3) });
        fixture.Hub.Plan(new(on, "flip") { Times = 99 });
        var error = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client(), new(R1Cloud.Hub.Cache.HubKind.Model,
            "acme/other")));
        error.Problem.ShouldBe(HubProblem.WrongContent);
        error.Message.ShouldContain(file);
        PartialsOf(fixture).ShouldBeEmpty();
    }

    [Fact]
    public async Task Download_Silent_IsAskedForAgain()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/file/", "stall") { Side = "CDN", After = 1_500_000, Until = new TaskCompletionSource().Task });
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client(readSeconds: 1)));
        Ranges(fixture)[^1].ShouldStartWith("bytes=");
    }

    [Fact]
    public async Task Download_OfWhatIsDamagedInTheCache_IsFetchedAnew()
    {
        await using var fixture = await HubFixture.StartAsync();
        var folder = await fixture.FetchAsync(fixture.Client());
        var blob = new FileInfo(Path.Combine(folder, "model.safetensors")).ResolveLinkTarget(true)!.FullName;
        var damaged = HubFixture.Bytes(HubFixture.Large.Length, 1);
        await File.WriteAllBytesAsync(blob, damaged, Stop);
        var offline = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client(offline: true)));
        offline.Message.ShouldContain("damaged");
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
    }

    [Fact]
    public async Task Download_ByTwoAtATime_FetchesEachContentOnce()
    {
        await using var fixture = await HubFixture.StartAsync();
        var clock = TimeProvider.System; // a virtual clock would be through the second's patience before the first goes on
        var reached = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        fixture.Hub.Plan(new("/file/", "stall") { Side = "CDN", After = 3_000_017, Until = released.Task, Taken = () =>
            reached.TrySetResult() });
        var first = fixture.FetchAsync(fixture.Client(clock: clock));
        await reached.Task;
        var second = fixture.FetchAsync(fixture.Client(clock: clock));
        released.SetResult();
        HubFixture.ShouldHoldFiles(await first);
        HubFixture.ShouldHoldFiles(await second);
        // One from the start. A connection that breaks on a busy machine is gone on with, from where it broke.
        Ranges(fixture).Count(range => range is null or "bytes=0-").ShouldBe(1);
    }

    private static List<string?> Ranges(HubFixture fixture) => [.. fixture.Hub.Take()
        .Where(exchange => exchange.Side == "CDN" && exchange.Method == "GET").Select(exchange => exchange.Header("range"))];

    private static string[] PartialsOf(HubFixture fixture) => Directory.Exists(fixture.CacheFolder)
        ? Directory.GetFiles(fixture.CacheFolder, Partials, SearchOption.AllDirectories) : [];
}
