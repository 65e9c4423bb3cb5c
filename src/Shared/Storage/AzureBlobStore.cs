using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace R1Cloud.Shared.Storage;

/// <summary>Blobs in an Azure Storage container or in Azurite. One request an operation where all goes well.</summary>
/// <param name="container">The container; created when it is first missed by a write.</param>
public sealed class AzureBlobStore(BlobContainerClient container) : IBlobStore
{
    // Names the call that made a blob, so that a retried conditional write recognises its own work.
    private const string WriterKey = "writer";

    // At most 4 pieces of 8 MiB in memory; what fits 16 MiB goes in one request.
    private static readonly StorageTransferOptions Transfer = new()
    {
        InitialTransferSize = 16 << 20,
        MaximumTransferSize = 8 << 20,
        MaximumConcurrency = 4,
    };

    private readonly AppendLog appends = new(container);

    /// <inheritdoc/>
    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        RunAsync($"reading blob '{path}'", cancellation, async () =>
        {
            try
            {
                return (await container.GetBlobClient(path).DownloadContentAsync(cancellation)).Value.Content;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return null;
            }
        });

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        TryWriteAsync($"creating blob '{path}'", path, content, new() { IfNoneMatch = ETag.All }, cancellation);

    /// <inheritdoc/>
    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        RunAsync($"reading blob '{path}'", cancellation, async () =>
        {
            try
            {
                var found = (await container.GetBlobClient(path).DownloadContentAsync(cancellation)).Value;
                return new VersionedBlob(found.Content, found.Details.ETag.ToString("G"));
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return null;
            }
        });

    /// <inheritdoc/>
    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        TryWriteAsync($"replacing blob '{path}'", path, content, new() { IfMatch = new ETag(version) }, cancellation);

    /// <inheritdoc/>
    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        WriteAsync($"writing blob '{path}'", cancellation,
            () => container.GetBlobClient(path).UploadAsync(content, overwrite: true, cancellation));

    /// <inheritdoc/>
    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        WriteAsync($"uploading blob '{path}'", cancellation, () =>
        {
            content.Position = 0;
            return container.GetBlobClient(path).UploadAsync(content, new BlobUploadOptions { TransferOptions = Transfer }, cancellation);
        });

    /// <inheritdoc/>
    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default) =>
        RunAsync($"downloading blob '{path}'", cancellation, async () =>
        {
            try
            {
                await container.GetBlobClient(path)
                    .DownloadToAsync(destination, new BlobDownloadToOptions { TransferOptions = Transfer }, cancellation);
                return true;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return false;
            }
            catch (IOException e) when (destination is FileStream file)
            {
                throw LocalFiles.Failure("writing", file.Name, e);
            }
        });

    /// <inheritdoc/>
    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        WriteAsync($"appending to blob '{path}'", cancellation, () => appends.AppendAsync(path, content, cancellation));

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) =>
        RunAsync($"looking for blob '{path}'", cancellation,
            async () => (await container.GetBlobClient(path).ExistsAsync(cancellation)).Value);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, CancellationToken cancellation = default) =>
        PagesAsync(prefix, null, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobEntry> ListAsync(string prefix, int pageSize, CancellationToken cancellation = default) =>
        PagesAsync(prefix, pageSize, cancellation);

    private async IAsyncEnumerable<BlobEntry> PagesAsync(string prefix, int? pageSize, [EnumeratorCancellation]
        CancellationToken cancellation)
    {
        await using var pages = container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellation)
            .AsPages(pageSizeHint: pageSize).GetAsyncEnumerator(cancellation);
        while (await NextAsync())
        {
            foreach (var blob in pages.Current.Values)
            {
                yield return new BlobEntry(blob.Name, blob.Properties.ContentLength ?? 0, blob.Properties.LastModified ?? default);
            }
        }

        Task<bool> NextAsync() => RunAsync($"listing blobs '{prefix}'", cancellation, async () =>
        {
            try
            {
                return await pages.MoveNextAsync();
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                return false;
            }
        });
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) =>
        RunAsync($"deleting blob '{path}'", cancellation,
            async () => (await container.GetBlobClient(path).DeleteIfExistsAsync(cancellationToken: cancellation)).Value);

    private Task<bool> TryWriteAsync(
        string operation, string path, BinaryData content, BlobRequestConditions conditions, CancellationToken cancellation) =>
        WriteAsync(operation, cancellation, async () =>
        {
            var blob = container.GetBlobClient(path);
            var writer = Guid.NewGuid().ToString("n");
            var metadata = new Dictionary<string, string> { [WriterKey] = writer };
            var options = new BlobUploadOptions { Conditions = conditions, Metadata = metadata };
            try
            {
                await blob.UploadAsync(content, options, cancellation);
                return true;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && e.ErrorCode != BlobErrorCode.ContainerBeingDeleted)
            {
                // A retry after a lost answer meets the blob that the first try made.
                return await MadeByAsync(blob, writer, cancellation);
            }
        });

    private static async Task<bool> MadeByAsync(BlobClient blob, string writer, CancellationToken cancellation)
    {
        try
        {
            var properties = await blob.GetPropertiesAsync(cancellationToken: cancellation);
            return properties.Value.Metadata.TryGetValue(WriterKey, out var other) && other == writer;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private Task<T> RunAsync<T>(string operation, CancellationToken cancellation, Func<Task<T>> run) =>
        AzureErrors.RunAsync(operation, container.Uri, cancellation, run);

    private Task<T> WriteAsync<T>(string operation, CancellationToken cancellation, Func<Task<T>> write) =>
        RunAsync(operation, cancellation, async () =>
        {
            try
            {
                return await write();
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                await container.CreateIfNotExistsAsync(cancellationToken: cancellation);
                return await write();
            }
        });
}
