using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class AzureBlobStoreTests(AzuriteFixture azurite) : BlobStoreSuite
{
    private readonly string container = $"t-{Guid.NewGuid():n}";

    protected override IBlobStore Open() => azurite.Open(container).Blobs;

    [Fact]
    public async Task Traffic_OfOneConnection_CountsBodies()
    {
        var connection = azurite.Open(container);
        var before = connection.Traffic!;
        (before.Requests, before.SentBytes, before.ReceivedBytes).ShouldBe((0, 0, 0));
        await connection.Blobs.WriteAsync("one", new(new byte[10_000]));
        var sent = connection.Traffic!.SentBytes;
        sent.ShouldBeGreaterThanOrEqualTo(10_000);
        await connection.Blobs.TryReadVersionAsync("one");
        connection.Traffic.ReceivedBytes.ShouldBeGreaterThanOrEqualTo(10_000);
        connection.Traffic.SentBytes.ShouldBe(sent);
        azurite.Open(container).Traffic!.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task TryCreateAsync_AnswerLost_RecognisesItsOwnBlob()
    {
        await Open().WriteAsync("other", new("makes the container"));
        var lossy = new LostAnswers();
        (await Open(lossy).TryCreateAsync("result.json", new("mine"))).ShouldBeTrue();
        lossy.Lost.ShouldBe(1);
        (await ReadAsync("result.json")).ShouldBe("mine");
    }

    [Fact]
    public async Task TryCreateAsync_AnswerLostButAnotherWasFirst_IsFalse()
    {
        await Open().WriteAsync("result.json", new("theirs"));
        (await Open(new LostAnswers()).TryCreateAsync("result.json", new("mine"))).ShouldBeFalse();
        (await ReadAsync("result.json")).ShouldBe("theirs");
    }

    [Fact]
    public async Task TryReplaceAsync_AnswerLost_RecognisesItsOwnBlob()
    {
        await Open().WriteAsync("books", new("first"));
        var version = (await Open().TryReadVersionAsync("books"))!.Version;
        var lossy = new LostAnswers();
        (await Open(lossy).TryReplaceAsync("books", new("mine"), version)).ShouldBeTrue();
        lossy.Lost.ShouldBe(1);
        (await Open(new LostAnswers()).TryReplaceAsync("books", new("late"), version)).ShouldBeFalse();
        (await ReadAsync("books")).ShouldBe("mine");
    }

    [Fact]
    public async Task AppendAsync_AnswerLost_AppendsOnce()
    {
        await Open().AppendAsync("log", new("one\n"));
        var lossy = new LostAnswers();
        var blobs = Open(lossy);
        await blobs.AppendAsync("log", new("two\n"));
        lossy.Lost.ShouldBe(1);
        await blobs.AppendAsync("log", new("three\n"));
        (await ReadAsync("log")).ShouldBe("one\ntwo\nthree\n");
    }

    [Fact]
    public async Task AppendAsync_TwoWritersAtOnce_KeepsEveryLineOnce()
    {
        await Task.WhenAll(((string[])["a", "b"]).Select(writer => Task.Run(async () =>
        {
            var blobs = Open();
            for (var i = 0; i < 20; i++) await blobs.AppendAsync("log", new($"{writer}{i}\n"));
        })));
        var lines = (await ReadAsync("log")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var writer in "ab")
        {
            lines.Where(line => line[0] == writer).ShouldBe(Enumerable.Range(0, 20).Select(i => $"{writer}{i}"));
        }
    }

    private AzureBlobStore Open(LostAnswers lossy)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = 3, Delay = TimeSpan.FromMilliseconds(10) } };
        options.AddPolicy(lossy, HttpPipelinePosition.PerRetry);
        return new AzureBlobStore(new BlobContainerClient(azurite.ConnectionString, container, options));
    }

    // Loses the answer to the first PUT on its way back, after storage has done it.
    private sealed class LostAnswers : HttpPipelinePolicy
    {
        public int Lost { get; private set; }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method != RequestMethod.Put || Lost > 0) return;
            Lost++;
            throw new IOException("The connection was reset.");
        }
    }
}
