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
        foreach (var operation in operations) (await Should.ThrowAsync<StorageException>(operation)).Message.ShouldContain($"'{path}' leads out of the folder");
        Directory.GetFileSystemEntries(folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task TryCreateAsync_Done_LeavesNoTemporaryFile()
    {
        await Open().TryCreateAsync("a", new("x"));
        await Open().TryCreateAsync("a", new("y"));
        Directory.GetFiles(folder["blobs"]).Select(Path.GetFileName).ShouldBe(["a"]);
    }
}
