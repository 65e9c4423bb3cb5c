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
        var local = await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache);
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
        await Should.ThrowAsync<CheckpointNotFoundException>(() => store.DownloadAsync(torn, CheckpointPart.Model, Cache));
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
        File.ReadAllText(Path.Combine(await DownloadAsync(), "model.safetensors")).ShouldBe("weights of 1-a");
    }

    [Fact]
    public async Task WriteAsync_ManyAtOnce_OneWinsWholly()
    {
        var manifests = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => WriteAsync($"{i}-w"))));
        var winner = manifests.Select(manifest => manifest.Attempt).Distinct().ShouldHaveSingleItem();
        (await blobs.ListAsync(Prefix).Select(blob => blob.Path).ToListAsync()).ShouldBe(
            ((string[])[$"{winner}/config.json", $"{winner}/model.safetensors", "manifest.json"]).Select(name => Prefix + name));
        File.ReadAllText(Path.Combine(await DownloadAsync(), "model.safetensors")).ShouldBe($"weights of {winner}");
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
        var message = (await Should.ThrowAsync<CheckpointCorruptException>(DownloadAsync)).Message;
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
        var local = await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache);
        foreach (var file in manifest.Files.Values) await blobs.DeleteAsync(file.Path); // a fetch would now fail
        (await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache)).ShouldBe(local);
    }

    [Fact]
    public async Task DownloadAsync_OnePart_BringsNeitherTheOthersFilesNorNeedsThem()
    {
        var manifest = await WriteAsync(withState: true);
        foreach (var (_, file) in manifest.FilesOf(CheckpointPart.State)) await blobs.DeleteAsync(file.Path); // a fetch would fail
        var model = await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache);
        Directory.GetFiles(model).Select(Path.GetFileName).Order().ShouldBe(["config.json", "model.safetensors"]);
        (await Should.ThrowAsync<CheckpointCorruptException>(() => store.DownloadAsync(Prefix, CheckpointPart.State, Cache))).Message
            .ShouldContain("is missing");

        const string other = Stage + "step-000004/";
        manifest = await WriteAsync(prefix: other, withState: true);
        foreach (var (_, file) in manifest.FilesOf(CheckpointPart.Model)) await blobs.DeleteAsync(file.Path);
        var state = await store.DownloadAsync(other, CheckpointPart.State, Cache);
        Directory.GetFiles(state).Select(Path.GetFileName).Order().ShouldBe(["optimizer.safetensors", "trainer_state.json"]);
    }

    [Fact]
    public async Task WriteAsync_OverABase_StoresItsOwnFilesAndIsReadWithAll()
    {
        await WriteAsync();
        const string over = Stage + "step-000004/";
        var own = Directory.CreateDirectory(Folder["adapter"]).FullName;
        File.WriteAllText(Path.Combine(own, "adapter_model.safetensors"), "additions");
        File.WriteAllText(Path.Combine(own, "config.json"), "{ \"mine\": 1 }");
        (await store.WriteAsync(over, "rl", 4, "2-b", Prefix, own, below: Prefix)).Base.ShouldBe(Prefix);
        (await blobs.ListAsync(over).Select(blob => blob.Path).ToListAsync()).ShouldBe(
            ((string[])["2-b/adapter_model.safetensors", "2-b/config.json", "manifest.json"]).Select(name => over + name));
        (await store.ModelFilesAsync(over)).Select(file => (file.Key, file.Value.Path)).ShouldBe([
            ("adapter_model.safetensors", over + "2-b/adapter_model.safetensors"), ("config.json", over + "2-b/config.json"),
            ("model.safetensors", Prefix + "1-a/model.safetensors")]);
        await store.VerifyAsync(over, 1 << 20);

        for (var round = 0; round < 3; round++)
        {
            var local = await store.DownloadAsync(over, CheckpointPart.Model, Cache);
            File.ReadAllText(Path.Combine(local, "model.safetensors")).ShouldBe("weights of 1-a");
            File.ReadAllText(Path.Combine(local, "config.json")).ShouldBe("{ \"mine\": 1 }");
            // The base was put aside meanwhile, or all was.
            if (round == 0) Directory.Delete(await DownloadAsync(), recursive: true);
            else Directory.Delete(Cache, recursive: true);
        }

        await blobs.WriteAsync(Prefix + "1-a/model.safetensors", new("weights of 1-b"));
        await Should.ThrowAsync<CheckpointCorruptException>(() => store.VerifyAsync(over, 1 << 20));
        await blobs.DeleteAsync(Prefix + CheckpointStore.ManifestName);
        (await Should.ThrowAsync<CheckpointNotFoundException>(() => store.DownloadAsync(over, CheckpointPart.Model, Cache))).Message
            .ShouldContain(Prefix);
    }

    [Fact]
    public async Task DownloadAsync_PartThatIsNotThere_IsNamed()
    {
        await WriteAsync();
        (await Should.ThrowAsync<CheckpointCorruptException>(() => store.DownloadAsync(Prefix, CheckpointPart.State, Cache))).Message
            .ShouldBe($"Checkpoint '{Prefix}' has no files of its training state.");
    }

    [Theory]
    [InlineData("Weights of 1-a")]
    [InlineData("short")]
    [InlineData(null)]
    public async Task DownloadAsync_CacheDamaged_IsFetchedAnew(string? content)
    {
        await WriteAsync();
        var file = Path.Combine(await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache), "model.safetensors");
        if (content is null) File.Delete(file);
        else File.WriteAllText(file, content);
        await store.DownloadAsync(Prefix, CheckpointPart.Model, Cache);
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
            folders.Add(await store.DownloadAsync(prefix, CheckpointPart.Model, Cache));
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
        var folders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(DownloadAsync)));
        var local = folders.Distinct().ShouldHaveSingleItem();
        Directory.GetFileSystemEntries(Cache).ShouldBe([local], "temporary folders are gone");
        Directory.GetFiles(local).Length.ShouldBe(2);
    }

    private Task<string> DownloadAsync() => store.DownloadAsync(Prefix, CheckpointPart.Model, Cache);

    private async Task<CheckpointManifest> WriteAsync(string attempt = "1-a", string prefix = Prefix, bool withState = false)
    {
        var source = Directory.CreateDirectory(Folder[$"source-{Guid.NewGuid():n}"]).FullName;
        File.WriteAllText(Path.Combine(source, "model.safetensors"), $"weights of {attempt}");
        File.WriteAllText(Path.Combine(source, "config.json"), "{}");
        foreach (var file in withState ? (string[])["optimizer.safetensors", "trainer_state.json"] : [])
            File.WriteAllText(Path.Combine(source, file), $"{file} of {attempt}");
        return await store.WriteAsync(prefix, "rl", 3, attempt, "runs/r/checkpoints/rl/step-000002/", source);
    }
}
