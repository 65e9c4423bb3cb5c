using System.Runtime.CompilerServices;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Storage;

/// <summary>Storage goes away at each operation, reads as well as writes, and comes back: whoever waits for it notices nothing.</summary>
public sealed class PatientBlobStoreTests : BlobStoreSuite, IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override IBlobStore Open() => Patient(new RestlessBlobs(new FolderBlobStore(folder["blobs"])));

    [Fact]
    public async Task Writes_DoneBeforeStorageWentAway_AreOnesOwn()
    {
        var restless = new RestlessBlobs(new FolderBlobStore(folder["blobs"]), [1, 4, 7, 9]) { AfterTheEffect = true };
        var blobs = Patient(restless);
        (await blobs.TryCreateAsync("created", new("x"))).ShouldBeTrue("an earlier try made it");
        (await blobs.TryCreateAsync("created", new("y"))).ShouldBeFalse();
        var version = (await blobs.TryReadVersionAsync("created"))!.Version;
        (await blobs.TryReplaceAsync("created", new("z"), version)).ShouldBeTrue("an earlier try replaced it");
        (await ReadAsync("created")).ShouldBe("z");
        restless.Times.ShouldBe(4);
    }

    [Fact]
    public async Task Download_BrokenOffInItsMidst_GoesOnWhereItWas()
    {
        await Open().WriteAsync("big", new(new byte[100_000]));
        using var stream = new MemoryStream();
        var torn = new RestlessBlobs(new FolderBlobStore(folder["blobs"]), [1]) { AfterTheEffect = true };
        (await Patient(torn).TryDownloadAsync("big", stream)).ShouldBeTrue();
        stream.Length.ShouldBe(100_000, "what had come is not written again");
        torn.Times.ShouldBe(1);
    }

    [Fact]
    public async Task Operation_StorageThatStaysAway_IsGivenUp()
    {
        var blobs = new PatientBlobStore(new RestlessBlobs(new FolderBlobStore(folder["blobs"]), [1]),
            new StoragePatience(TimeSpan.Zero, new HastyTime()));
        await Should.ThrowAsync<StorageAwayException>(() => blobs.TryReadAsync("x"));
    }

    private static PatientBlobStore Patient(IBlobStore blobs) =>
        new(blobs, new StoragePatience(TimeSpan.FromMinutes(30), new HastyTime()));

    // Waits for nothing.
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    // Away at the operations of these numbers, from 1; at one of two where none are named.
    private sealed class RestlessBlobs(IBlobStore inner, params int[] away) : IBlobStore
    {
        private readonly Random random = new(5);
        private int operations;

        /// <summary>Whether what was asked is done all the same, and only the answer does not come.</summary>
        public bool AfterTheEffect { get; init; }

        /// <summary>How often it was away.</summary>
        public int Times { get; private set; }

        public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
            AtAsync(() => inner.TryReadAsync(path, cancellation));

        public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
            AtAsync(() => inner.TryCreateAsync(path, content, cancellation));

        public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
            AtAsync(() => inner.TryReadVersionAsync(path, cancellation));

        public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
            AtAsync(() => inner.TryReplaceAsync(path, content, version, cancellation));

        public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
            AtAsync(() => DoneAsync(inner.WriteAsync(path, content, cancellation)));

        public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
            AtAsync(() => DoneAsync(inner.UploadAsync(path, content, cancellation)));

        public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default) =>
            AtAsync(() => inner.TryDownloadAsync(path, destination, cancellation));

        public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
            AtAsync(() => DoneAsync(inner.AppendAsync(path, content, cancellation)));

        public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) =>
            AtAsync(() => inner.ExistsAsync(path, cancellation));

        public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) =>
            AtAsync(() => inner.DeleteAsync(path, cancellation));

        public async IAsyncEnumerable<BlobEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
        {
            var leaves = IsAway();
            await foreach (var blob in inner.ListAsync(prefix, cancellation))
            {
                yield return blob;
                if (leaves) throw Away();
            }
            if (leaves) throw Away();
        }

        private async Task<T> AtAsync<T>(Func<Task<T>> operation)
        {
            if (!IsAway()) return await operation();
            if (AfterTheEffect) await operation();
            throw Away();
        }

        private bool IsAway()
        {
            lock (random)
            {
                var number = ++operations;
                if (away.Length == 0 ? random.Next(2) == 0 : !away.Contains(number)) return false;
                Times++;
                return true;
            }
        }

        private static StorageAwayException Away() => new("storage is away");

        private static async Task<bool> DoneAsync(Task write)
        {
            await write;
            return true;
        }
    }
}
