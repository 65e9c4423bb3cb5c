using System.Runtime.CompilerServices;

namespace R1Cloud.Shared.Storage;

/// <summary>Blobs whose every operation waits for storage that is away.</summary>
/// <remarks>
/// A write on a condition whose answer was lost is known by its content from those of others: two who write the same bytes may both hear
/// that theirs stands. Bytes appended while an answer is lost may stand there twice.
/// </remarks>
/// <param name="inner">The blobs.</param>
/// <param name="patience">How long it waits.</param>
/// <param name="stop">Ends all waiting; what storage does just then is left to end.</param>
public sealed class PatientBlobStore(IBlobStore inner, StoragePatience patience, CancellationToken stop = default) : IBlobStore
{
    /// <inheritdoc/>
    public Task<BinaryData?> TryReadAsync(string path, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.TryReadAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        OnceAsync(path, content, () => inner.TryCreateAsync(path, content, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<VersionedBlob?> TryReadVersionAsync(string path, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.TryReadVersionAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<bool> TryReplaceAsync(string path, BinaryData content, string version, CancellationToken cancellation = default) =>
        OnceAsync(path, content, () => inner.TryReplaceAsync(path, content, version, cancellation), cancellation);

    /// <inheritdoc/>
    public Task WriteAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.WriteAsync(path, content, cancellation), cancellation);

    /// <inheritdoc/>
    public Task UploadAsync(string path, Stream content, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.UploadAsync(path, content, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<bool> TryDownloadAsync(string path, Stream destination, CancellationToken cancellation = default)
    {
        // A file is written again; what went through another stream cannot be taken back, so the same bytes are left out.
        if (destination is FileStream file)
        {
            var start = file.Position;
            return WaitAsync(() =>
            {
                file.Position = start;
                file.SetLength(start);
                return inner.TryDownloadAsync(path, file, cancellation);
            }, cancellation);
        }
        var written = 0L;
        return WaitAsync(async () =>
        {
            var rest = new ResumedStream(destination, written);
            try
            {
                return await inner.TryDownloadAsync(path, rest, cancellation);
            }
            finally
            {
                written = Math.Max(written, rest.Seen);
            }
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task AppendAsync(string path, BinaryData content, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.AppendAsync(path, content, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string path, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.ExistsAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop);
        string? last = null;
        var listing = inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            while (await patience.RunAsync(NextAsync, either.Token)) yield return listing.Current;
        }
        finally
        {
            await listing.DisposeAsync();
        }

        async Task<bool> NextAsync()
        {
            try
            {
                while (await listing.MoveNextAsync())
                {
                    // A listing that began again tells first what is known: it is by path.
                    if (last is not null && string.CompareOrdinal(listing.Current.Path, last) <= 0) continue;
                    last = listing.Current.Path;
                    return true;
                }
                return false;
            }
            catch (StorageAwayException)
            {
                await listing.DisposeAsync();
                listing = inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellation = default) =>
        WaitAsync(() => inner.DeleteAsync(path, cancellation), cancellation);

    // A write on a condition: an earlier try whose answer was lost may have been the one that did it.
    private Task<bool> OnceAsync(string path, BinaryData content, Func<Task<bool>> write, CancellationToken cancellation)
    {
        var again = false;
        return WaitAsync(async () =>
        {
            var repeated = again;
            again = true;
            if (await write()) return true;
            return repeated && await inner.TryReadAsync(path, cancellation) is { } there
                && there.ToMemory().Span.SequenceEqual(content.ToMemory().Span);
        }, cancellation);
    }

    // What stops the waiting does not stop an operation that goes on: a worker that is told to leave still saves.
    private async Task<T> WaitAsync<T>(Func<Task<T>> operation, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop);
        return await patience.RunAsync(operation, either.Token);
    }

    private Task<bool> WaitAsync(Func<Task> operation, CancellationToken cancellation) => WaitAsync(async () =>
    {
        await operation();
        return true;
    }, cancellation);
}
