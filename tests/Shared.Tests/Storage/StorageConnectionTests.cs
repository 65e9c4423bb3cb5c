using System.Net;
using System.Net.Sockets;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class StorageConnectionTests
{
    [Theory]
    [InlineData(null, "R1_STORAGE")]
    [InlineData("  ", "R1_STORAGE")]
    [InlineData("http://account.blob.core.windows.net", "not the https URL")]
    [InlineData("ftp://account", "not the https URL")]
    [InlineData("https://account.blob.core.windows.net/?sv=1&sig=SECRET", "takes no signature")]
    [InlineData("https://account.queue.core.windows.net", "not the URL of a blob service")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a", "connection string is not valid")]
    [InlineData("AccountKey=SECRET;AccountName=", "connection string is not valid")]
    public void Open_BadText_SaysWhatIsWrongAndKeepsSecrets(string? text, string expected)
    {
        var message = Should.Throw<StorageException>(() => StorageConnection.Open(text)).Message;
        message.ShouldContain(expected);
        message.ShouldNotContain("SECRET");
    }

    [Fact]
    public void Open_Account_NamesTheEndpoint() =>
        StorageConnection.Open("https://account.blob.core.windows.net/").Endpoint.ShouldStartWith("https://account.blob.core.windows.net");

    [Fact]
    public async Task Open_Folder_HasBlobsAndNoQueues()
    {
        using var folder = new TempFolder();
        var storage = StorageConnection.Open(folder.Path);
        storage.Endpoint.ShouldBe(folder.Path);
        await storage.Blobs.WriteAsync("a", new("x"));
        File.ReadAllText(folder["a"]).ShouldBe("x");
        Should.Throw<StorageException>(() => storage.Queue("jobs")).Message.ShouldContain("is a folder");
    }

    [Fact]
    public async Task Operations_ClosedPort_NameTheEndpointAndAskForAzurite()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        const string key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        var text = $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};"
            + $"BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{port}/devstoreaccount1;";
        var storage = StorageConnection.Open(text, options: new StorageOptions { Retries = 1, RetryDelay = TimeSpan.FromMilliseconds(10) });
        var queue = storage.Queue("jobs");
        foreach (var (operation, named) in ((Func<Task>, string)[])
        [
            (() => storage.Blobs.TryReadAsync("a/b"), "'a/b'"), (() => storage.Blobs.TryCreateAsync("a/b", new("x")), "'a/b'"),
            (() => storage.Blobs.AppendAsync("a/b", new("x")), "'a/b'"),
                (() => storage.Blobs.ListAsync("a/").ToListAsync().AsTask(), "'a/'"),
            (() => queue.ReceiveAsync(1, TimeSpan.FromSeconds(1)), "'jobs'"), (() => queue.SendAsync("x"), "'jobs'"),
        ])
        {
            var error = await Should.ThrowAsync<StorageException>(operation);
            error.Message.ShouldContain($"http://127.0.0.1:{port}/devstoreaccount1");
            error.Message.ShouldContain(named);
            error.Message.ShouldContain("Is Azurite running?");
            error.Message.ShouldNotContain(key);
            error.IsMissing.ShouldBeFalse();
        }
    }
}
