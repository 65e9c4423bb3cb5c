using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// Appends exactly once: every append is conditional on the length it expects, so a retry cannot add the same bytes again.
/// </summary>
/// <param name="container">The blobs' container.</param>
internal sealed class AppendLog(BlobContainerClient container)
{
    private readonly ConcurrentDictionary<string, long> lengths = new(StringComparer.Ordinal);

    /// <summary>Appends, creating the blob when there is none.</summary>
    /// <returns>The blob's length afterwards.</returns>
    public async Task<long> AppendAsync(string path, BinaryData content, CancellationToken cancellation)
    {
        var blob = container.GetAppendBlobClient(path);
        var bytes = content.ToMemory();
        while (true)
        {
            if (!lengths.TryGetValue(path, out var length)) lengths[path] = length = await LengthAsync(blob, cancellation);
            try
            {
                var options = new AppendBlobAppendBlockOptions {
                    Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = length } };
                await blob.AppendBlockAsync(content.ToStream(), options, cancellation);
                return lengths[path] = length + bytes.Length;
            }
            catch (RequestFailedException e) when (e.Status is 404 && e.ErrorCode != BlobErrorCode.ContainerNotFound)
            {
                lengths.TryRemove(path, out _);
            }
            catch (RequestFailedException e) when (e.Status == 412)
            {
                // Somebody appended since: another writer, or this call before its answer was lost.
                lengths.TryRemove(path, out _);
                if (await HoldsAsync(blob, length, bytes, cancellation)) return length + bytes.Length;
            }
        }
    }

    private static async Task<long> LengthAsync(AppendBlobClient blob, CancellationToken cancellation)
    {
        try
        {
            return (await blob.GetPropertiesAsync(cancellationToken: cancellation)).Value.ContentLength;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await blob.CreateIfNotExistsAsync(cancellationToken: cancellation);
            return 0;
        }
    }

    private static async Task<bool> HoldsAsync(AppendBlobClient blob, long offset, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellation)
    {
        try
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(offset, bytes.Length) };
            var there = (await blob.DownloadContentAsync(options, cancellation)).Value.Content;
            return there.ToMemory().Span.SequenceEqual(bytes.Span);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 416)
        {
            return false;
        }
    }
}
