using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class LocalFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TryReplaceAsync_FailsOrGivesUpHalfWay_LeavesTheFormerFileAndNothingElse()
    {
        File.WriteAllText(folder["f"], "former");
        await Should.ThrowAsync<InvalidOperationException>(() => LocalFiles.TryReplaceAsync(folder["f"], async stream =>
        {
            await stream.WriteAsync(new byte[100]);
            throw new InvalidOperationException();
        }));
        (await LocalFiles.TryReplaceAsync(folder["f"], async stream =>
        {
            await stream.WriteAsync(new byte[100]);
            return false;
        })).ShouldBeFalse();
        Directory.GetFiles(folder.Path).ShouldBe([folder["f"]]);
        File.ReadAllText(folder["f"]).ShouldBe("former");
    }

    [Fact]
    public async Task TryReplaceAsync_WhileBeingWritten_TheNameShowsTheFormerFile()
    {
        File.WriteAllText(folder["f"], "former");
        (await LocalFiles.TryReplaceAsync(folder["f"], async stream =>
        {
            await stream.WriteAsync("later"u8.ToArray());
            await stream.FlushAsync();
            File.ReadAllText(folder["f"]).ShouldBe("former");
            return true;
        })).ShouldBeTrue();
        File.ReadAllText(folder["f"]).ShouldBe("later");
    }

    [Fact]
    public async Task TryReplaceAsync_FolderIsAFile_NamesTheFile()
    {
        File.WriteAllText(folder["f"], "");
        var error = await Should.ThrowAsync<StorageException>(() =>
            LocalFiles.TryReplaceAsync(Path.Combine(folder["f"], "x"), _ => Task.FromResult(true)));
        error.Message.ShouldContain(Path.Combine(folder["f"], "x"));
    }

    [Fact]
    public async Task TryDownloadAsync_DiskFull_SaysSo()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Needs /dev/full.");
        await new FolderBlobStore(folder.Path).WriteAsync("big", new(new byte[3 << 20]));
        await using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var error = await Should.ThrowAsync<IOException>(async () => await new FolderBlobStore(folder.Path).TryDownloadAsync("big", full));
        LocalFiles.Failure("writing", folder["big"], error)
            .Message.ShouldBe($"No space left on the disk of '{folder.Path}' while writing 'big'.");
    }

    [Fact]
    public async Task TryReplaceAsync_DiskFull_SaysSoAndLeavesNothing()
    {
        using var disk = SmallDisk.TryMount(folder["disk"]);
        Assert.SkipWhen(disk is null, "Needs the right to mount a tmpfs.");
        var error = await Should.ThrowAsync<StorageException>(() =>
            new FolderBlobStore(disk.Path).WriteAsync("big", new(new byte[3 << 20])));
        error.Message.ShouldContain("No space left");
        error.Message.ShouldContain("'big'");
        Directory.GetFiles(disk.Path).ShouldBeEmpty();
        await new FolderBlobStore(disk.Path).WriteAsync("small", new("fits again"));
    }
}
