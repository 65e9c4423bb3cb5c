using System.Diagnostics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Tests.Storage;

/// <summary>Files that others may have named, put there or wish to read.</summary>
public sealed class PrivateFilesTests : IDisposable
{
    private const string Untold = "This system does not tell a file's kind and owner.";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-private-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Of_FilesFoldersAndTheRest_TellsWhatTheyAre()
    {
        Assert.SkipUnless(FileStatus.IsKnown, Untold);
        File.WriteAllText(At("file"), "12345");
        File.CreateSymbolicLink(At("link"), At("file"));
        MakePipe("pipe");
        var file = FileStatus.Of(At("file")).ShouldNotBeNull();
        file.Kind.ShouldBe(FileKind.Regular);
        file.Length.ShouldBe(5);
        file.IsOwn.ShouldBeTrue();
        FileStatus.Of(At("link")).ShouldBe(file);
        FileStatus.Of(folder.FullName).ShouldNotBeNull().Kind.ShouldBe(FileKind.Folder);
        FileStatus.Of(At("pipe")).ShouldNotBeNull().Kind.ShouldBe(FileKind.Special);
        FileStatus.Of("/dev/zero").ShouldNotBeNull().Kind.ShouldBe(FileKind.Special);
        FileStatus.Of(At("gone")).ShouldBeNull();
        FileStatus.Of("/proc/1").ShouldNotBeNull().IsOwn.ShouldBe(FileStatus.CurrentUser == FileStatus.Of("/proc/1")!.Owner);
    }

    [Theory]
    [InlineData(0b111_000_000, false, false)]
    [InlineData(0b110_000_000, false, false)]
    [InlineData(0b111_101_000, true, false)]
    [InlineData(0b111_000_001, true, false)]
    [InlineData(0b111_010_000, true, true)]
    [InlineData(0b111_111_111, true, true)]
    public void Mode_OfAFolder_SaysWhoMayDoWhat(int mode, bool open, bool writable)
    {
        Assert.SkipUnless(FileStatus.IsKnown, Untold);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)mode);
        var status = FileStatus.Of(folder.FullName).ShouldNotBeNull();
        status.IsOpenToOthers.ShouldBe(open);
        status.IsWritableToOthers.ShouldBe(writable);
    }

    [Fact]
    public void OpenRead_File_GivesItsBytes()
    {
        File.WriteAllText(At("file"), "content");
        using var reader = new StreamReader(RegularFile.OpenRead(At("file")));
        reader.ReadToEnd().ShouldBe("content");
    }

    [Fact]
    public void OpenRead_PipeDeviceOrFolder_IsRefusedAtOnce()
    {
        Assert.SkipUnless(FileStatus.IsKnown, Untold);
        MakePipe("pipe");
        foreach (var path in (string[])[At("pipe"), "/dev/zero", folder.FullName])
            Should.Throw<IOException>(() => RegularFile.OpenRead(path)).Message.ShouldContain(path);
        Should.Throw<FileNotFoundException>(() => RegularFile.OpenRead(At("gone")));
    }

    [Fact]
    public void Ensure_FolderThatIsOpen_IsClosed()
    {
        Assert.SkipUnless(FileStatus.IsKnown, Untold);
        Directory.CreateDirectory(At("cache"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(At("cache"), PrivateFolder.Mode | UnixFileMode.GroupRead);
        PrivateFolder.Ensure(At("cache"));
        FileStatus.Of(At("cache")).ShouldNotBeNull().Mode.ShouldBe(PrivateFolder.Mode);
        PrivateFolder.Ensure(At("new/deep"));
        FileStatus.Of(At("new/deep")).ShouldNotBeNull().Mode.ShouldBe(PrivateFolder.Mode);
    }

    [Fact]
    public void Ensure_NameThatAFileHas_IsRefused()
    {
        File.WriteAllText(At("cache"), "");
        Should.Throw<StorageException>(() => PrivateFolder.Ensure(At("cache"))).Message.ShouldContain("cache");
    }

    [Theory]
    [InlineData("/x/cache", "/home/u", "/x/cache/r1-cloud")]
    [InlineData("relative", "/home/u", "/home/u/.cache/r1-cloud")]
    [InlineData(null, "/home/u", "/home/u/.cache/r1-cloud")]
    public void Cache_Environment_SaysWhere(string? xdg, string home, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a folder of its own for caches.");
        PrivateFolder.Cache(name => name == "HOME" ? home : name == "XDG_CACHE_HOME" ? xdg : null).ShouldBe(expected);
    }

    private string At(string name) => Path.Combine(folder.FullName, name);

    private void MakePipe(string name)
    {
        using var made = Process.Start("mkfifo", At(name));
        made.WaitForExit();
        made.ExitCode.ShouldBe(0);
    }
}
