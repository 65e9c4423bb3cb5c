using System.Globalization;
using System.Runtime.CompilerServices;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A run in the index of all runs.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The recipe's name.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Key">Its place: entries are in the order of their keys.</param>
public sealed record RunEntry(string Id, string Name, DateTimeOffset CreatedAt, string Key);

/// <summary>
/// Which runs there are, the newest first, and which of them may have workers. Neither costs more for there having been ten thousand.
/// </summary>
/// <param name="blobs">Where it is kept.</param>
public sealed class RunIndex(IBlobStore blobs) : IDisposable
{
    private static readonly BinaryData Nothing = new("{}");
    private readonly SemaphoreSlim gate = new(1, 1);
    private bool complete;

    /// <summary>Enters a run.</summary>
    public async Task AddAsync(RunSpec run, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        await MarkAsync(run.Id, cancellation);
        await blobs.TryCreateAsync(BlobLayout.NewestRun(run.CreatedAt, run.Id, run.Name), Nothing, cancellation);
    }

    /// <summary>All runs, the newest first.</summary>
    /// <param name="after">The key after which to begin; null begins with the newest.</param>
    /// <param name="pageSize">How many are likely to be asked for.</param>
    /// <param name="cancellation">Stops.</param>
    public async IAsyncEnumerable<RunEntry> ListAsync(string? after, int pageSize, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await CompleteAsync(cancellation);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var blobsInOrder = after is null
            ? blobs.ListAsync(BlobLayout.NewestRuns, pageSize, cancellation) : blobs.ListAsync(BlobLayout.NewestRuns, cancellation);
        await foreach (var blob in blobsInOrder.WithCancellation(cancellation))
        {
            var key = blob.Path[BlobLayout.NewestRuns.Length..];
            // A run that was ordered twice, the first time without success, may be listed twice.
            if (Parse(key) is not { } entry || !seen.Add(entry.Id) || string.CompareOrdinal(key, after) <= 0) continue;
            yield return entry;
        }
    }

    /// <summary>Marks a run as one that may have workers.</summary>
    public Task MarkAsync(string runId, CancellationToken cancellation) =>
        blobs.TryCreateAsync(BlobLayout.ActiveRun(runId), Nothing, cancellation);

    /// <summary>Takes the mark from a run that has ended and left nothing.</summary>
    public Task UnmarkAsync(string runId, CancellationToken cancellation) => blobs.DeleteAsync(BlobLayout.ActiveRun(runId), cancellation);

    /// <summary>Takes a run out.</summary>
    public async Task RemoveAsync(RunSpec run, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        await UnmarkAsync(run.Id, cancellation);
        await blobs.DeleteAsync(BlobLayout.NewestRun(run.CreatedAt, run.Id, run.Name), cancellation);
    }

    /// <summary>The marked runs.</summary>
    public async IAsyncEnumerable<string> ListMarkedAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await CompleteAsync(cancellation);
        await foreach (var blob in blobs.ListAsync(BlobLayout.ActiveRuns, cancellation))
            yield return blob.Path[BlobLayout.ActiveRuns.Length..];
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>A run's place.</summary>
    internal static string KeyOf(RunSpec run) => BlobLayout.NewestRun(run.CreatedAt, run.Id, run.Name)[BlobLayout.NewestRuns.Length..];

    // Version 1 knew neither. Its runs are entered once for all, and marked, since nobody knows how they stand.
    private async Task CompleteAsync(CancellationToken cancellation)
    {
        if (complete) return;
        await gate.WaitAsync(cancellation);
        try
        {
            if (!complete && !await blobs.ExistsAsync(BlobLayout.NewestRunsComplete, cancellation))
            {
                await foreach (var blob in blobs.ListAsync(BlobLayout.RunIndex, cancellation))
                {
                    var id = Path.GetFileNameWithoutExtension(blob.Path);
                    if (await blobs.TryReadJsonAsync<RunSpec>(BlobLayout.RunSpec(id), cancellation) is { } run)
                        await AddAsync(run, cancellation);
                }
                await blobs.WriteAsync(BlobLayout.NewestRunsComplete, Nothing, cancellation);
            }
            complete = true;
        }
        finally
        {
            gate.Release();
        }
    }

    private static RunEntry? Parse(string key) =>
        key.Split('.') is [var time, var id, var name]
            && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var before)
            ? new(id, name, new(DateTime.MaxValue.Ticks - before, TimeSpan.Zero), key)
            : null;
}
