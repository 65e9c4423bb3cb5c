using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Checkpoints;

/// <summary>Checkpoints in a folder.</summary>
public sealed class FolderCheckpointStoreTests : CheckpointStoreSuite
{
    protected override IBlobStore Open() => new FolderBlobStore(Folder["blobs"]);
}

/// <summary>Checkpoints in Azure's storage.</summary>
public sealed class AzureCheckpointStoreTests(AzuriteFixture azurite) : CheckpointStoreSuite
{
    private readonly string container = $"t-{Guid.NewGuid():n}";

    protected override IBlobStore Open() => azurite.Open(container).Blobs;
}

/// <summary>What checkpoints do in every store.</summary>
public abstract class CheckpointStoreSuite : IAsyncLifetime
{
    private const string Prefix = "runs/r/checkpoints/rl/step-000003/", Stage = "runs/r/checkpoints/rl/";

    private IBlobStore blobs = null!;
    private CheckpointStore store = null!;

    protected TempFolder Folder { get; } = new();

    /// <summary>A store over this test's own place.</summary>
    protected abstract IBlobStore Open();

    public async ValueTask InitializeAsync()
    {
        (blobs, store) = (Open(), new CheckpointStore(Open()));
        await blobs.WriteAsync("other", new("the place is there"));
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private string Cache => Folder["cache"];

    [Fact]
    public async Task WriteAndDownload_Files_ComeBackAsTheyWere()
    {
        var manifest = await WriteAsync();
        (manifest.Stage, manifest.Step, manifest.Attempt, manifest.Parent).ShouldBe(("rl", 3, "1-a", "runs/r/checkpoints/rl/step-000002/"));
        manifest.Files.Keys.ShouldBe(["config.json", "model.safetensors"]);
        (await store.ReadAsync(Prefix)).Files.ShouldBe(manifest.Files);
        var local = await store.DownloadAsync(Prefix, Cache);
        Directory.GetFiles(local).Select(Path.GetFileName).Order().ShouldBe(["config.json", "model.safetensors"]);
        File.ReadAllText(Path.Combine(local, "model.safetensors")).ShouldBe("weights of 1-a");
    }

    [Fact]
    public async Task WriteAsync_NoFiles_IsRefused()
    {
        Directory.CreateDirectory(Folder["empty"]);
        (await Should.ThrowAsync<StorageException>(() => store.WriteAsync(Prefix, "rl", 3, "1-a", null, Folder["empty"])))
            .Message.ShouldContain("would be empty");
        (await blobs.ExistsAsync(Prefix + CheckpointStore.ManifestName)).ShouldBeFalse();
    }

    [Fact]
    public async Task Torn_FilesWithoutManifest_AreNoCheckpoint()
    {
        await WriteAsync();
        const string torn = "runs/r/checkpoints/rl/step-000009/";
        await blobs.WriteAsync(torn + "2-b/model.safetensors", new("half"));
        (await Should.ThrowAsync<CheckpointNotFoundException>(() => store.ReadAsync(torn))).Message.ShouldContain(torn);
        await Should.ThrowAsync<CheckpointNotFoundException>(() => store.DownloadAsync(torn, Cache));
        (await store.TryFindLatestAsync(Stage)).ShouldBe(Prefix);
    }

    [Fact]
    public async Task TryFindLatestAsync_SeveralSteps_IsTheHighestByNumber()
    {
        (await store.TryFindLatestAsync(Stage)).ShouldBeNull();
        foreach (var name in (string[])["step-000010", "step-1000000", "step-000200", "step-x", "other"])
            await WriteAsync(prefix: $"{Stage}{name}/");
        (await store.TryFindLatestAsync(Stage)).ShouldBe($"{Stage}step-1000000/");
    }

    [Fact]
    public async Task WriteAsync_SecondWriter_GetsTheFirstOnesManifestAndItsFilesGo()
    {
        var first = await WriteAsync("1-a");
        var second = await WriteAsync("2-b");
        second.Attempt.ShouldBe("1-a");
        second.Files.ShouldBe(first.Files);
        (await blobs.ListAsync(Prefix + "2-b/").ToListAsync()).ShouldBeEmpty();
        File.ReadAllText(Path.Combine(await store.DownloadAsync(Prefix, Cache), "model.safetensors")).ShouldBe("weights of 1-a");
    }

    [Fact]
    public async Task WriteAsync_ManyAtOnce_OneWinsWholly()
    {
        var manifests = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => WriteAsync($"{i}-w"))));
        var winner = manifests.Select(manifest => manifest.Attempt).Distinct().ShouldHaveSingleItem();
        (await blobs.ListAsync(Prefix).Select(blob => blob.Path).ToListAsync()).ShouldBe(
            ((string[])[$"{winner}/config.json", $"{winner}/model.safetensors", "manifest.json"]).Select(name => Prefix + name));
        File.ReadAllText(Path.Combine(await store.DownloadAsync(Prefix, Cache), "model.safetensors")).ShouldBe($"weights of {winner}");
    }

    [Theory]
    [InlineData("Weights of 1-a", "SHA-256")]
    [InlineData("weights of", "has 10 bytes")]
    [InlineData("weights of 1-a and more", "has 23 bytes")]
    [InlineData(null, "is missing")]
    public async Task DownloadAsync_FileDiffers_NamesItAndCachesNothing(string? content, string expected)
    {
        var path = (await WriteAsync()).Files["model.safetensors"].Path;
        if (content is null) await blobs.DeleteAsync(path);
        else await blobs.WriteAsync(path, new(content));
        var message = (await Should.ThrowAsync<CheckpointCorruptException>(() => store.DownloadAsync(Prefix, Cache))).Message;
        message.ShouldContain(path);
        message.ShouldContain(expected);
        Directory.GetFileSystemEntries(Cache).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{ \"stage\": ")]
    [InlineData("{ \"stage\": \"rl\", \"step\": 3, \"attempt\": \"a\", \"files\": {} }")]
    [InlineData(
        "{ \"stage\": \"rl\", \"step\": 3, \"attempt\": \"a\", \"files\": { \"../x\": { \"path\": \"p\", \"length\": 1, \"sha256\": \"0\" "
        + "} } }")]
    [InlineData("null")]
    public async Task ReadAsync_BadManifest_NamesIt(string content)
    {
        await blobs.WriteAsync(Prefix + CheckpointStore.ManifestName, new(content));
        (await Should.ThrowAsync<CheckpointCorruptException>(() => store.ReadAsync(Prefix)))
            .Message.ShouldContain(Prefix + CheckpointStore.ManifestName);
    }

    [Fact]
    public async Task DeleteAsync_Twice_LeavesNothing()
    {
        await WriteAsync();
        await store.DeleteAsync(Prefix);
        await store.DeleteAsync(Prefix);
        (await blobs.ListAsync(Prefix).ToListAsync()).ShouldBeEmpty();
        await Should.ThrowAsync<CheckpointNotFoundException>(() => store.ReadAsync(Prefix));
    }

    [Fact]
    public async Task DownloadAsync_Cached_IsNotFetchedAgain()
    {
        var manifest = await WriteAsync();
        var local = await store.DownloadAsync(Prefix, Cache);
        foreach (var file in manifest.Files.Values) await blobs.DeleteAsync(file.Path); // a fetch would now fail
        (await store.DownloadAsync(Prefix, Cache)).ShouldBe(local);
    }

    [Theory]
    [InlineData("Weights of 1-a")]
    [InlineData("short")]
    [InlineData(null)]
    public async Task DownloadAsync_CacheDamaged_IsFetchedAnew(string? content)
    {
        await WriteAsync();
        var file = Path.Combine(await store.DownloadAsync(Prefix, Cache), "model.safetensors");
        if (content is null) File.Delete(file);
        else File.WriteAllText(file, content);
        await store.DownloadAsync(Prefix, Cache);
        File.ReadAllText(file).ShouldBe("weights of 1-a");
    }

    [Fact]
    public async Task DownloadAsync_ManyCheckpoints_PrunesOldOnesButNoneInUse()
    {
        var folders = new List<string>();
        for (var step = 0; step < 8; step++)
        {
            var prefix = $"{Stage}step-{step:D6}/";
            await WriteAsync($"{step}-a", prefix);
            folders.Add(await store.DownloadAsync(prefix, Cache));
            // The first five were last used an hour and some ago; the others count as being in use.
            if (step < 5) Directory.SetLastWriteTimeUtc(folders[^1], DateTime.UtcNow.AddMinutes(-90 + step));
        }
        folders.Skip(4).ShouldAllBe(folder => Directory.Exists(folder)); // 4 kept besides the newest
        folders.Take(3).ShouldAllBe(folder => !Directory.Exists(folder));
    }

    [Fact]
    public async Task DownloadAsync_ManyAtOnceIntoOneCache_AllGetTheWholeFolder()
    {
        await WriteAsync();
        var folders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => store.DownloadAsync(Prefix, Cache))));
        var local = folders.Distinct().ShouldHaveSingleItem();
        Directory.GetFileSystemEntries(Cache).ShouldBe([local], "temporary folders are gone");
        Directory.GetFiles(local).Length.ShouldBe(2);
    }

    private async Task<CheckpointManifest> WriteAsync(string attempt = "1-a", string prefix = Prefix)
    {
        var source = Directory.CreateDirectory(Folder[$"source-{Guid.NewGuid():n}"]).FullName;
        File.WriteAllText(Path.Combine(source, "model.safetensors"), $"weights of {attempt}");
        File.WriteAllText(Path.Combine(source, "config.json"), "{}");
        return await store.WriteAsync(prefix, "rl", 3, attempt, "runs/r/checkpoints/rl/step-000002/", source);
    }
}
