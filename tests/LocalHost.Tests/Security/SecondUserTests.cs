using System.Text.Json;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Azure.Storage.Sas;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Security;

/// <summary>What another user of this machine can do to a host: nothing.</summary>
public sealed class SecondUserTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    // Of every Azurite, as its documentation prints it.
    private const string PublishedKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    [Theory]
    [InlineData("GET", "/api/runs")]
    [InlineData("POST", "/api/runs")]
    [InlineData("POST", "/api/reuse")]
    [InlineData("POST", "/api/runs/some/cancel")]
    [InlineData("GET", "/api/runs/some/report")]
    [InlineData("GET", "/openapi/v1.json")]
    public async Task Api_OfAnotherUser_IsClosed(string method, string path)
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        var answer =
            await OtherUser.AskAsync(new Uri(fixture.Host.Address, path), method, "Content-Type: application/json", "Content-Length: 0");
        answer.ShouldStartWith("HTTP/1.1 401 ");
        var guess = await OtherUser.AskAsync(new Uri(fixture.Host.Address, path), method, "X-Api-Key: guess",
            "Content-Type: application/json", "Content-Length: 0");
        guess.ShouldStartWith("HTTP/1.1 401 ");
    }

    [Fact]
    public async Task DataFolder_ReadByAnotherUser_IsClosed()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        (await OtherUser.RunAsync($"cat '{fixture.Host.Data.HostFile}'")).ExitCode.ShouldNotBe(0);
        (await OtherUser.RunAsync($"ls '{fixture.Host.Data.Path}'")).ExitCode.ShouldNotBe(0);
        foreach (var file in Directory.GetFiles(fixture.Host.Data.Path, "*", SearchOption.AllDirectories))
            FileStatus.Of(file).ShouldNotBeNull().IsOpenToOthers.ShouldBeFalse(file);
    }

    [Fact]
    public async Task Secrets_SeenByAnotherUser_AreOnNoCommandLine()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        var (_, account) = Storage();
        var seen = (await OtherUser.RunAsync("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n'")).Output;
        seen.ShouldContain("azurite.mjs");
        seen.ShouldNotContain(fixture.Host.Key);
        seen.ShouldNotContain(account);
    }

    [Fact]
    public async Task Storage_AskedWithThePublishedKey_IsClosed()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        var (endpoints, own) = Storage();
        var published = Sas(endpoints, PublishedKey);
        (await OtherUser.AskAsync(published.Blob, "GET")).ShouldStartWith("HTTP/1.1 403 ");
        (await OtherUser.AskAsync(published.Queue, "GET")).ShouldStartWith("HTTP/1.1 403 ");
        // The same question with the right key is heard, of what is not there yet: it is the key that they lack.
        var right = Sas(endpoints, own);
        (await OtherUser.AskAsync(right.Blob, "GET")).ShouldMatch("^HTTP/1.1 (200|404) ");
        (await OtherUser.AskAsync(right.Queue, "GET")).ShouldMatch("^HTTP/1.1 (200|404) ");
    }

    [Fact]
    public async Task Commands_HostFileOfAnotherUser_IsNotFollowed()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        using var folder = new TestFolder();
        var info = new HostInfo(Environment.ProcessId, DateTimeOffset.UnixEpoch, "0.1.0", fixture.Host.Address.ToString(),
            fixture.Host.Key);
        var file = folder.Write("data/host.json", JsonSerializer.Serialize(info, Shared.R1Json.Options));
        (await R1.RunAsync(folder, "runs", "--data", folder["data"])).ExitCode.ShouldBe(ExitCode.Ok);
        await OtherUser.GiveAsync(file);
        var outcome = await R1.RunAsync(folder, "runs", "--data", folder["data"]);
        outcome.ExitCode.ShouldBe(ExitCode.Environment);
        outcome.Error.ShouldContain("belongs to another user (uid 65534)");
    }

    [Fact]
    public async Task Commands_ProcessOfAnotherUserUnderTheHostsId_IsNoHost()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        using var folder = new TestFolder();
        using var other =
            R1Process.Start("setpriv", ["--reuid", OtherUser.Id, "--regid", OtherUser.Id, "--clear-groups", "sleep", "600"], folder.Root,
                []);
        try
        {
            await Eventually.BeTrueAsync(() => FileStatus.Of($"/proc/{other.Id}") is { IsOwn: false }, "the other user's process");
            var info = new HostInfo(other.Id, DateTimeOffset.UnixEpoch, "0.1.0", fixture.Host.Address.ToString(), "k");
            folder.Write("data/host.json", JsonSerializer.Serialize(info, Shared.R1Json.Options));
            var outcome = await R1.RunAsync(folder, "runs", "--data", folder["data"]);
            outcome.ExitCode.ShouldBe(ExitCode.Environment);
            outcome.Error.ShouldContain("No host runs on the data folder");
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task Cache_OfAnotherUser_IsRefused()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        using var folder = new TestFolder();
        var cache = Directory.CreateDirectory(folder["r1-cloud"]).FullName;
        PrivateFolder.Ensure(cache).ShouldBe(cache);
        FileStatus.Of(cache).ShouldNotBeNull().Mode.ShouldBe(PrivateFolder.Mode);
        await OtherUser.GiveAsync(cache);
        Should.Throw<StorageException>(() => PrivateFolder.Ensure(cache)).Message.ShouldContain("belongs to another user (uid 65534)");
    }

    [Fact]
    public void Start_NamesThatAnotherUserHasTaken_AreNotInTheWay()
    {
        Assert.SkipUnless(OtherUser.IsHere, OtherUser.Missing);
        // The fixture let the other user take them before the host started.
        fixture.Host.Fault.IsCompleted.ShouldBeFalse();
        fixture.OldNames().ShouldAllBe(name => Directory.Exists(name));
    }

    private ((Uri Blob, Uri Queue) Endpoints, string Key) Storage()
    {
        var parts = fixture.Host.StorageName.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => part[1]);
        return ((new(parts["BlobEndpoint"]), new(parts["QueueEndpoint"])), parts["AccountKey"]);
    }

    private static (Uri Blob, Uri Queue) Sas((Uri Blob, Uri Queue) endpoints, string key)
    {
        var credential = new StorageSharedKeyCredential("devstoreaccount1", key);
        var to = DateTimeOffset.UtcNow.AddHours(1);
        var blob = new BlobContainerClient(new Uri($"{endpoints.Blob}/{BlobLayout.Container}"), credential)
            .GenerateSasUri(BlobContainerSasPermissions.List, to);
        var queue = new QueueClient(new Uri($"{endpoints.Queue}/jobs"), credential).GenerateSasUri(QueueSasPermissions.Read, to);
        return (new($"{blob}&restype=container&comp=list"),
            new(queue.ToString().Replace("/jobs?", "/jobs/messages?peekonly=true&", StringComparison.Ordinal)));
    }
}
