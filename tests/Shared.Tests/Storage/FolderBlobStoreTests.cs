using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class FolderBlobStoreTests : BlobStoreSuite, IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override IBlobStore Open() => new FolderBlobStore(folder["blobs"]);

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("../blobs-too/x")]
    [InlineData("/etc/hostname")]
    public async Task EveryOperation_PathThatLeadsOut_IsRefused(string path)
    {
        using var stream = new MemoryStream();
        Func<Task>[] operations =
        [
            () => Open().TryReadAsync(path), () => Open().TryCreateAsync(path, new("x")), () => Open().WriteAsync(path, new("x")),
            () => Open().UploadAsync(path, stream), () => Open().TryDownloadAsync(path, stream), () => Open().AppendAsync(path, new("x")),
            () => Open().ExistsAsync(path), () => Open().DeleteAsync(path),
        ];
        foreach (var operation in operations)
            (await Should.ThrowAsync<StorageException>(operation)).Message.ShouldContain($"'{path}' leads out of the folder");
        Directory.GetFileSystemEntries(folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task TryCreateAsync_Done_LeavesNoTemporaryFile()
    {
        await Open().TryCreateAsync("a", new("x"));
        await Open().TryCreateAsync("a", new("y"));
        Directory.GetFiles(folder["blobs"]).Select(Path.GetFileName).ShouldBe(["a"]);
    }

    [Fact]
    public async Task ListAsync_BlobDeletedOnTheWay_IsLeftOut()
    {
        string[] names = ["a", "b/1", "b/2", "c"];
        foreach (var name in names) await Open().WriteAsync(name, new("x"));
        var seen = new List<string>();
        await foreach (var blob in Open().ListAsync(""))
        {
            seen.Add(blob.Path);
            if (Directory.Exists(folder["blobs/b"])) Directory.Delete(folder["blobs/b"], recursive: true);
        }
        seen.ShouldBe(["a", "c"]);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("no/folder/gone")]
    [InlineData("a-folder")]
    [InlineData("a-folder/blob/below-a-blob")]
    public async Task Read_WhatIsNoFile_IsNoBlob(string path)
    {
        await Open().WriteAsync("a-folder/blob", new("x"));
        using var stream = new MemoryStream();

        (await Open().TryReadAsync(path)).ShouldBeNull();
        (await Open().TryReadVersionAsync(path)).ShouldBeNull();
        (await Open().TryDownloadAsync(path, stream)).ShouldBeFalse();
        stream.Length.ShouldBe(0);
    }

    [Fact]
    public async Task EveryRead_WhileBlobsComeAndGo_FindsItWholeOrNot()
    {
        using var stop = new CancellationTokenSource();
        var churn = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Open().WriteAsync("some/blob", new("content"));
                await Open().DeleteAsync("some/blob");
            }
        });
        try
        {
            for (var look = 0; look < 2_000; look++)
            {
                if (await Open().TryReadAsync("some/blob") is { } read) read.ToString().ShouldBe("content");
                using var stream = new MemoryStream();
                if (await Open().TryDownloadAsync("some/blob", stream)) stream.Length.ShouldBe(7);
                await foreach (var blob in Open().ListAsync("some/")) (blob.Path, blob.Length).ShouldBe(("some/blob", 7));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await churn;
        }
    }
}
