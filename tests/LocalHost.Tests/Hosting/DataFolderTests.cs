using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;

namespace R1Cloud.LocalHost.Tests.Hosting;

public sealed class DataFolderTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Acquire_Free_AnnouncesTheProcessAndThenTheUrl()
    {
        var data = new DataFolder(folder["data"]);
        using (var taken = data.Acquire())
        {
            data.ReadHost().ShouldNotBeNull().ProcessId.ShouldBe(Environment.ProcessId);
            data.ReadHost()!.Url.ShouldBeNull();
            taken.Announce("http://127.0.0.1:7171", "k");
            data.ReadHost()!.Url.ShouldBe("http://127.0.0.1:7171");
        }
        data.ReadHost().ShouldBeNull();
        data.Acquire().Dispose();
    }

    [Fact]
    public void Acquire_Taken_NamesTheHolder()
    {
        using var taken = new DataFolder(folder.Root).Acquire();
        taken.Announce("http://127.0.0.1:1234", "k");
        var error = Should.Throw<EnvironmentException>(() => new DataFolder(folder.Root).Acquire()).Message;
        error.ShouldContain($"pid {Environment.ProcessId}, http://127.0.0.1:1234");
        error.ShouldContain("--data");
    }

    [Theory]
    [InlineData("""{ "format": 99, "version": "9.9.0" }""", "version 9.9.0 (format 99)")]
    [InlineData("nonsense", "does not look like a data folder")]
    public void Acquire_FolderOfAnotherKind_SaysSo(string format, string expected)
    {
        folder.Write("format.json", format);
        var data = new DataFolder(folder.Root);
        Should.Throw<EnvironmentException>(() => data.Acquire()).Message.ShouldContain(expected);
        File.Delete(folder["format.json"]);
        data.Acquire().Dispose(); // The refusal left nothing locked.
    }

    [Theory]
    [InlineData("orchestrations.db", "lacks 'orchestrations.db' (the runs' history)")]
    [InlineData("azurite", "lacks 'azurite' (their blobs and queues), which")]
    [InlineData("azurite/blob-data", "lacks 'azurite/blob-data' (the blobs' contents)")]
    public void Acquire_WithoutAPartThatWasThere_NamesIt(string part, string expected)
    {
        var data = new DataFolder(folder.Root);
        data.Acquire().Dispose();
        data.Acquire().Dispose(); // a folder in which nothing was made yet lacks nothing
        folder.Write("orchestrations.db", "");
        folder.Write("azurite/blob-metadata.json", "");
        folder.Write("azurite/blob-data/1", "");
        data.Acquire().Dispose();
        if (Directory.Exists(folder[part])) Directory.Delete(folder[part], recursive: true);
        else File.Delete(folder[part]);

        Should.Throw<EnvironmentException>(() => data.Acquire()).Message.ShouldContain(expected);
        File.Delete(folder["format.json"]);
        data.Acquire().Dispose();
    }

    [Fact]
    public void Acquire_PathIsAFile_SaysSo()
    {
        var file = folder.Write("file", "");
        Should.Throw<EnvironmentException>(() => new DataFolder(file).Acquire()).Message.ShouldContain("cannot be written");
    }
}
