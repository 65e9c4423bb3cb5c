using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Tests.Hosting;

/// <summary>Blobs under any names whatever, as someone who writes into storage may give them.</summary>
internal sealed class MemoryBlobs : IBlobStore
{
    private readonly ConcurrentDictionary<string, byte[]> blobs = new(StringComparer.Ordinal);

    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.TryGetValue(path, out var content) ? new BinaryData(content) : null);

    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.TryAdd(path, content.ToArray()));

    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.TryGetValue(path, out var content) ? new VersionedBlob(new(content), Version(content)) : null);

    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        Task.FromResult(blobs.TryGetValue(path, out var known) && Version(known) == version
            && blobs.TryUpdate(path, content.ToArray(), known));

    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        blobs[path] = content.ToArray();
        return Task.CompletedTask;
    }

    public async Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        blobs[path] = (await BinaryData.FromStreamAsync(content, cancellation)).ToArray();

    public async Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default)
    {
        if (!blobs.TryGetValue(path, out var content)) return false;
        await destination.WriteAsync(content, cancellation);
        return true;
    }

    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default)
    {
        blobs.AddOrUpdate(path, _ => content.ToArray(), (_, before) => [.. before, .. content.ToArray()]);
        return Task.CompletedTask;
    }

    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) => Task.FromResult(blobs.ContainsKey(path));

    public async IAsyncEnumerable<BlobEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        foreach (var (path, content) in blobs.Where(blob => blob.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(blob => blob.Key, StringComparer.Ordinal))
            yield return new(path, content.Length, DateTimeOffset.UnixEpoch);
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) => Task.FromResult(blobs.TryRemove(path, out _));

    private static string Version(byte[] content) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content));
}
