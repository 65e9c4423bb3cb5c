using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class SafePathTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("report.html")]
    [InlineData("weights/model-00001.safetensors")]
    [InlineData(".hidden/..double/name with spaces")]
    [InlineData("中文/é")]
    public void Join_NameBelow_IsTheFileThere(string name) =>
        SafePath.Join(folder.Path, name).FullName.ShouldBe(Path.GetFullPath(folder[name]));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("/home/u/.ssh/x")]
    [InlineData("//home/u/.ssh/x")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/./x")]
    [InlineData("a//x")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("C:/x")]
    [InlineData("a\\..\\..\\x")]
    [InlineData("file:stream")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public void Join_NameThatLeadsElsewhere_IsRefused(string name)
    {
        SafePath.IsName(name).ShouldBeFalse();
        Should.Throw<StorageException>(() => SafePath.Join(folder.Path, name)).Message.ShouldContain("leads out of the folder");
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/outside")]
    public async Task FolderBlobStore_PathThatLeadsOut_IsRefusedByEveryOperation(string path)
    {
        var blobs = new FolderBlobStore(folder["store"]);
        await Should.ThrowAsync<StorageException>(() => blobs.TryReadAsync(path));
        await Should.ThrowAsync<StorageException>(() => blobs.TryCreateAsync(path, BinaryData.FromString("x")));
        await Should.ThrowAsync<StorageException>(() => blobs.WriteAsync(path, BinaryData.FromString("x")));
        await Should.ThrowAsync<StorageException>(() => blobs.UploadAsync(path, new MemoryStream([1])));
        await Should.ThrowAsync<StorageException>(() => blobs.AppendAsync(path, BinaryData.FromString("x")));
        await Should.ThrowAsync<StorageException>(() => blobs.DeleteAsync(path));
        await Should.ThrowAsync<StorageException>(() => blobs.ExistsAsync(path));
        File.Exists(folder["outside"]).ShouldBeFalse();
    }

    /// <summary>
    /// Whatever of this assembly others can call to bring a blob to a file asks for a <see cref="SafePath"/>; the analyzer's list
    /// (src/BannedSymbols.txt) keeps them from the stream itself.
    /// </summary>
    [Fact]
    public void Downloads_ToFiles_TakeSafePathsOnly()
    {
        var downloads = typeof(BlobStoreFiles).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods())
            .Where(method =>
                method.Name.Contains("Download", StringComparison.Ordinal)
                && method.GetParameters().All(parameter => parameter.ParameterType != typeof(Stream))).ToList();
        downloads.Where(method => method.DeclaringType == typeof(BlobStoreFiles)).ShouldNotBeEmpty();
        foreach (var method in downloads.Where(method => method.DeclaringType == typeof(BlobStoreFiles)))
            method.GetParameters().ShouldContain(parameter => parameter.ParameterType == typeof(SafePath), method.ToString());
        typeof(LocalFiles).GetMethods()
            .ShouldAllBe(method =>
                !method.Name.StartsWith("TryReplace", StringComparison.Ordinal)
                && !method.Name.StartsWith("TryCreate", StringComparison.Ordinal));
        File.ReadAllText(Repository.PathOf("src", "BannedSymbols.txt"))
            .ShouldContain("IBlobStore.TryDownloadAsync(System.String,System.IO.Stream,");
    }
}
