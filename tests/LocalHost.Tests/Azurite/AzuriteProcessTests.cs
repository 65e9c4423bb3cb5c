using R1Cloud.LocalHost.Azurite;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Azurite;

public sealed class AzuriteProcessTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What keeps others from the folder is in the folder, however long its path is, and goes with the process.</summary>
    [Fact]
    public async Task Start_Folder_IsTakenWithoutATraceElsewhere()
    {
        var data = folder[string.Join('/', Enumerable.Repeat("a-folder-of-a-long-name", 8))];
        var options = Options(data);
        var azurite = await AzuriteProcess.StartAsync(options);
        if (OperatingSystem.IsLinux()) SocketFiles(azurite.Id).ShouldBe(["./taken.sock"]);
        (await Should.ThrowAsync<AzuriteException>(() => AzuriteProcess.StartAsync(options)))
            .Message.ShouldContain("folder in use by another Azurite");
        await azurite.DisposeAsync();
        Directory.GetFiles(options.DataFolder, "*.sock").ShouldBeEmpty();

        await using var again = await AzuriteProcess.StartAsync(options);
        again.Kill();
        await again.Exited;
        await (await AzuriteProcess.StartAsync(options)).DisposeAsync(); // what a killed one left is nobody's
    }

    private static AzuriteOptions Options(string data) =>
        new() { PackageFolder = Path.Combine(Repository.Root, "eng", "azurite"), DataFolder = data };

    // The files that a process has bound sockets to, as it named them. The temp folder itself tells nothing: others use it too.
    private static string[] SocketFiles(int process)
    {
        var mine = Directory.GetFiles($"/proc/{process}/fd").Select(file => new FileInfo(file).LinkTarget).ToHashSet();
        return
        [
            .. File.ReadLines($"/proc/{process}/net/unix").Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 7 && mine.Contains($"socket:[{fields[6]}]")).Select(fields => fields[7]),
        ];
    }

    [Fact]
    public async Task Kill_RightAfterACommit_NothingThatCameBeforeItIsLost()
    {
        var options = Options(folder["azurite"]);
        var azurite = await AzuriteProcess.StartAsync(options);
        var storage = StorageConnection.Open(azurite.ConnectionString);
        await storage.Blobs.WriteAsync("part", new BinaryData("a part"));
        (await storage.Blobs.TryCreateAsync("whole", new BinaryData("committed"))).ShouldBeTrue();
        var queue = storage.Queue("jobs");
        await queue.EnsureCreatedAsync();
        await queue.SendAsync("a job");
        azurite.Kill();
        await azurite.DisposeAsync();

        await using var again = await AzuriteProcess.StartAsync(options);
        storage = StorageConnection.Open(again.ConnectionString);
        (await storage.Blobs.TryReadAsync("part"))?.ToString().ShouldBe("a part");
        (await storage.Blobs.TryReadAsync("whole"))?.ToString().ShouldBe("committed");
        (await storage.Queue("jobs").ReceiveAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem().Text.ShouldBe("a job");
    }

    /// <summary>What a user was told is done, such as a budget that was raised, no message tells of.</summary>
    [Fact]
    public async Task Kill_RightAfterAChange_TheChangeIsThere()
    {
        var options = Options(folder["azurite"]);
        var azurite = await AzuriteProcess.StartAsync(options);
        var blobs = StorageConnection.Open(azurite.ConnectionString).Blobs;
        foreach (var book in new[] { "0.1", "50", "51" }) await blobs.ChangeJsonAsync<string>("budget", _ => book, CancellationToken.None);
        azurite.Kill();
        await azurite.DisposeAsync();

        await using var again = await AzuriteProcess.StartAsync(options);
        blobs = StorageConnection.Open(again.ConnectionString).Blobs;
        (await blobs.TryReadJsonAsync<string>("budget", CancellationToken.None)).ShouldBe("51");
    }
}
