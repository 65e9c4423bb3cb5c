using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Tests.Storage;

/// <summary>What every blob store does. <see cref="Open"/> gives a further view of the same blobs, as another process would have.</summary>
public abstract class BlobStoreSuite
{
    /// <summary>A store over this test's own place.</summary>
    protected abstract IBlobStore Open();

    [Fact]
    public async Task TryCreateAsync_Exists_LeavesItAsItIs()
    {
        var blobs = Open();
        (await blobs.TryCreateAsync("a/b.json", new("first"))).ShouldBeTrue();
        (await Open().TryCreateAsync("a/b.json", new("second"))).ShouldBeFalse();
        (await ReadAsync("a/b.json")).ShouldBe("first");
    }

    [Fact]
    public async Task TryCreateAsync_ManyAtOnce_ExactlyOneWinsAndItsContentStands()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 16)
            .Select(i => Task.Run(() => Open().TryCreateAsync("race", new($"writer {i}")))));
        won.Count(one => one).ShouldBe(1);
        (await ReadAsync("race")).ShouldBe($"writer {Array.IndexOf(won, true)}");
    }

    [Fact]
    public async Task TryReplaceAsync_OnlyTheVersionThatWasRead_IsReplaced()
    {
        (await Open().TryReadVersionAsync("books")).ShouldBeNull();
        (await Open().TryReplaceAsync("books", new("x"), "\"0x1\"")).ShouldBeFalse("there is none");
        await Open().WriteAsync("books", new("first"));
        var first = (await Open().TryReadVersionAsync("books")).ShouldNotBeNull();
        first.Content.ToString().ShouldBe("first");

        (await Open().TryReplaceAsync("books", new("second"), first.Version)).ShouldBeTrue();
        (await Open().TryReplaceAsync("books", new("third"), first.Version)).ShouldBeFalse();
        (await ReadAsync("books")).ShouldBe("second");
    }

    [Fact]
    public async Task ChangeJsonAsync_ManyAtOnce_LosesNoChange()
    {
        var blobs = Open();
        await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(writer => Task.Run(() => blobs.ChangeJsonAsync<int[]>("list", known => [.. known ?? [], writer]))));
        (await blobs.ReadJsonAsync<int[]>("list")).Order().ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);

        var before = await blobs.TryReadVersionAsync("list");
        await blobs.ChangeJsonAsync<int[]>("list", known => known!);
        (await blobs.TryReadVersionAsync("list"))!.Version.ShouldBe(before!.Version, "nothing to change, nothing written");
    }

    [Fact]
    public async Task WriteAsync_Exists_Replaces()
    {
        await Open().WriteAsync("x", new("a longer first text"));
        await Open().WriteAsync("x", new("second"));
        (await ReadAsync("x")).ShouldBe("second");
    }

    [Fact]
    public async Task TryReadAsync_Missing_IsNull()
    {
        (await Open().TryReadAsync("nothing/here")).ShouldBeNull();
        (await Open().ExistsAsync("nothing/here")).ShouldBeFalse();
        await Open().WriteAsync("other", new(""));
        (await Open().TryReadAsync("nothing/here")).ShouldBeNull("missing in a store that is there");
        (await Open().TryReadAsync("other"))!.ToMemory().Length.ShouldBe(0);
        (await Open().ExistsAsync("other")).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData((17 << 20) + 3)] // more than one request
    public async Task UploadAsync_Stream_ComesBackByteForByte(int length)
    {
        var bytes = new byte[length];
        new Random(5).NextBytes(bytes);
        using var source = new MemoryStream(bytes) { Position = length / 2 }; // read from its start all the same
        await Open().UploadAsync("big.bin", source);
        using var back = new MemoryStream();
        (await Open().TryDownloadAsync("big.bin", back)).ShouldBeTrue();
        back.ToArray().AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task TryDownloadAsync_Missing_WritesNothing()
    {
        using var back = new MemoryStream();
        (await Open().TryDownloadAsync("none", back)).ShouldBeFalse();
        back.Length.ShouldBe(0);
    }

    [Fact]
    public async Task AppendAsync_TwoWritersInTurn_KeepsEveryLineOnceAndInOrder()
    {
        var (one, two) = (Open(), Open());
        for (var i = 0; i < 10; i++) await (i % 3 == 0 ? one : two).AppendAsync("m/log.jsonl", new($"line {i}\n"));
        (await ReadAsync("m/log.jsonl")).ShouldBe(string.Concat(Enumerable.Range(0, 10).Select(i => $"line {i}\n")));
    }

    [Fact]
    public async Task ListAsync_Prefix_IsByPathAndTextual()
    {
        var blobs = Open();
        foreach (var path in (string[])["runs/b/2", "runs/a/10", "runs/a/9", "runs/ab", "runs/a/sub/x", "other"])
            await blobs.WriteAsync(path, new(path));
        (await ListAsync("runs/a/")).ShouldBe(["runs/a/10", "runs/a/9", "runs/a/sub/x"]);
        (await ListAsync("runs/a")).ShouldBe(["runs/a/10", "runs/a/9", "runs/a/sub/x", "runs/ab"]);
        (await ListAsync("nothing/")).ShouldBeEmpty();
        var entry = await blobs.ListAsync("other").SingleAsync();
        entry.Length.ShouldBe(5);
        (DateTimeOffset.UtcNow - entry.ModifiedAt).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task ListAsync_NothingWrittenYet_IsEmpty() => (await ListAsync("")).ShouldBeEmpty();

    [Fact]
    public async Task DeleteAsync_Twice_IsTrueThenFalse()
    {
        await Open().WriteAsync("gone", new("x"));
        (await Open().DeleteAsync("gone")).ShouldBeTrue();
        (await Open().DeleteAsync("gone")).ShouldBeFalse();
        (await Open().ExistsAsync("gone")).ShouldBeFalse();
    }

    [Fact]
    public async Task ReadJsonAsync_MissingOrMalformed_NamesTheBlob()
    {
        (await Should.ThrowAsync<StorageException>(() => Open().ReadJsonAsync<Dictionary<string, int>>("no.json")))
            .Message.ShouldContain("'no.json'");
        await Open().WriteAsync("bad.json", new("{ \"a\": "));
        (await Should.ThrowAsync<StorageException>(() => Open().ReadJsonAsync<Dictionary<string, int>>("bad.json")))
            .Message.ShouldContain("'bad.json'");
    }

    protected async Task<string> ReadAsync(string path) => (await Open().TryReadAsync(path)).ShouldNotBeNull().ToString();

    private async Task<List<string>> ListAsync(string prefix) => await Open().ListAsync(prefix).Select(blob => blob.Path).ToListAsync();
}
