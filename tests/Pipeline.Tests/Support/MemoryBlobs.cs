using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>Blobs in memory: every operation is done when it returns, so that programs can be run step by step.</summary>
internal sealed class MemoryBlobs : IBlobStore
{
    private readonly ConcurrentDictionary<string, VersionedBlob> blobs = new(StringComparer.Ordinal);
    private int versions;

    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.GetValueOrDefault(path)?.Content);

    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.TryAdd(path, New(content)));

    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.GetValueOrDefault(path));

    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.GetValueOrDefault(path) is { } known && known.Version == version
            && blobs.TryUpdate(path, New(content), known));

    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        blobs[path] = New(content);
        return Task.CompletedTask;
    }

    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default)
    {
        content.Position = 0;
        return WriteAsync(path, BinaryData.FromStream(content), cancellation);
    }

    public async Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default)
    {
        if (await TryReadAsync(path, cancellation) is not { } content) return false;
        await destination.WriteAsync(content.ToMemory(), cancellation);
        return true;
    }

    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        blobs.AddOrUpdate(path, _ => New(content), (_, known) => New(new([.. known.Content.ToArray(), .. content.ToArray()])));
        return Task.CompletedTask;
    }

    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => Task.FromResult(blobs.ContainsKey(path));

    public async IAsyncEnumerable<BlobEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        foreach (var (path, blob) in blobs.OrderBy(blob => blob.Key, StringComparer.Ordinal))
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal)) yield return new(path, blob.Content.ToMemory().Length, default);
        }
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) => Task.FromResult(blobs.TryRemove(path, out _));

    private VersionedBlob New(BinaryData content) => new(content, $"{Interlocked.Increment(ref versions)}");
}
