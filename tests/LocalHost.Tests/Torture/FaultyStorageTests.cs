using R1Cloud.LocalHost.Azurite;
using R1Cloud.LocalHost.Torture;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests.Torture;

/// <summary>
/// Storage that misbehaves in each way at every third request, at every tenth where each is waited for: what was asked for is done,
/// and done once.
/// </summary>
public sealed class FaultyStorageTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private const int Rounds = 2, Messages = 12;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Faults => [.. StorageFault.All.Select(fault => fault.Name)];

    [Theory, MemberData(nameof(Faults))]
    public async Task Storage_WithAFault_DoesWhatItIsAskedForOnce(string name)
    {
        var kind = StorageFault.All.Single(fault => fault.Name == name);
        await using var proxy = await FaultyStorage.StartAsync(folder["ports"], int.MaxValue, seed: 3, [kind],
            share: name.EndsWith("Retry-After", StringComparison.Ordinal) ? 0.1 : 0.3);
        var options = new StorageOptions { Container = $"c{Guid.NewGuid():n}", Retries = 20,
            RetryDelay = TimeSpan.FromMilliseconds(5), MaxRetryDelay = TimeSpan.FromMilliseconds(50) };
        var near = StorageConnection.Open(StorageDetour.Take(azurite.ConnectionString, proxy.Detour), options: options);
        var straight = StorageConnection.Open(azurite.ConnectionString, options: options);
        var (blobs, queue) = (near.Blobs, near.Queue($"q{Guid.NewGuid():n}"));
        var content = new BinaryData(Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray());

        var lines = "";
        for (var round = 0; round < Rounds; round++)
        {
            (await blobs.TryCreateAsync($"created/{round}", content)).ShouldBeTrue("this very call made it");
            (await blobs.TryCreateAsync($"created/{round}", new("other"))).ShouldBeFalse();
            await blobs.UploadAsync($"uploaded/{round}", content.ToStream());
            await blobs.AppendAsync("lines", new($"{round}\n"));
            lines += $"{round}\n";
            var version = (await blobs.TryReadVersionAsync($"created/{round}"))!;
            (await blobs.TryReplaceAsync($"created/{round}", new($"new {round}"), version.Version)).ShouldBeTrue();
            (await blobs.TryReadAsync($"uploaded/{round}"))!.ToArray().ShouldBe(content.ToArray());
        }
        (await straight.Blobs.TryReadAsync("lines"))!.ToString().ShouldBe(lines, "appended once each, in order");
        (await blobs.ListAsync("").CountAsync()).ShouldBe(2 * Rounds + 1);
        for (var round = 0; round < Rounds; round++)
            (await straight.Blobs.TryReadAsync($"created/{round}"))!.ToString().ShouldBe($"new {round}");

        await queue.EnsureCreatedAsync();
        for (var message = 0; message < Messages; message++) await queue.SendAsync($"{message}");
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var left = 18_000; taken.Count < Messages; left--)
        {
            left.ShouldBeGreaterThan(0, "a message is lost");
            foreach (var message in await queue.ReceiveAsync(1, TimeSpan.FromSeconds(2)))
            {
                taken.Add(message.Text);
                await queue.DeleteAsync(message);
            }
        }
        proxy.Happened.ShouldHaveSingleItem().Key.ShouldBe(name);
        proxy.Happened[name].ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Storage_WhoseFaultsAreSpent_AnswersAsItIs()
    {
        await using var proxy = await FaultyStorage.StartAsync(folder["ports"], faults: 2, seed: 3,
            [StorageFault.All.Single(fault => fault.Name == "503")], share: 1);
        var near = StorageConnection.Open(StorageDetour.Take(azurite.ConnectionString, proxy.Detour),
            options: new() { Container = $"c{Guid.NewGuid():n}", Retries = 0 });
        await Should.ThrowAsync<StorageAwayException>(() => near.Blobs.TryReadAsync("x"));
        await Should.ThrowAsync<StorageAwayException>(() => near.Blobs.TryReadAsync("x"));
        proxy.IsSpent.ShouldBeTrue();
        (await near.Blobs.TryReadAsync("x")).ShouldBeNull();
        proxy.Requests.ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public void Take_WithoutADetour_IsTheStorageItself() =>
        StorageDetour.Take(azurite.ConnectionString, null).ShouldBe(azurite.ConnectionString);
}
