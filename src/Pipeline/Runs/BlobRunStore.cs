using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Runs in blob storage.</summary>
internal sealed class BlobRunStore(IBlobStore blobs, RunIndex index, TimeProvider clock) : IRunStore
{
    // A run's spec never changes, and every look at a run begins with it; but another process may have removed the run.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (RunSpec Run, long ReadAt)> specs = new(StringComparer.Ordinal);

    private sealed record IndexEntry(string Id, DateTimeOffset? CreatedAt = null);

    /// <inheritdoc/>
    public async Task<RunSpec> GetOrCreateAsync(RunSpec spec, CancellationToken cancellation = default)
    {
        if (await TryGetAsync(spec.Id, cancellation) is { } known) return known;
        // The entries come first: an entry without a run is skipped, a run without an entry would be lost. The first order of a run says
        // when it was.
        var entry = BlobLayout.RunIndexEntry(spec.Id);
        if (!await blobs.TryCreateJsonAsync(entry, new IndexEntry(spec.Id, spec.CreatedAt), cancellation)
            && await blobs.ReadJsonAsync<IndexEntry>(entry, cancellation) is { CreatedAt: { } first })
        {
            spec = spec with { CreatedAt = first };
        }
        await index.AddAsync(spec, cancellation);
        var path = BlobLayout.RunSpec(spec.Id);
        return await blobs.TryCreateJsonAsync(path, spec, cancellation) ? spec : await blobs.ReadJsonAsync<RunSpec>(path, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RunSpec?> TryGetAsync(string runId, CancellationToken cancellation = default)
    {
        if (specs.TryGetValue(runId, out var known) && clock.GetElapsedTime(known.ReadAt) < Trust) return known.Run;
        var readAt = clock.GetTimestamp();
        if (await blobs.TryReadJsonAsync<RunSpec>(BlobLayout.RunSpec(runId), cancellation) is { } spec)
            return (specs[runId] = (spec, readAt)).Run;
        specs.TryRemove(runId, out _);
        return null;
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(RunSpec run, CancellationToken cancellation = default)
    {
        // The spec goes last, so that a removal that was interrupted finds the run again.
        await index.RemoveAsync(run, cancellation);
        await blobs.DeleteAsync(BlobLayout.RunIndexEntry(run.Id), cancellation);
        await blobs.DeleteAsync(BlobLayout.RunSpec(run.Id), cancellation);
        specs.TryRemove(run.Id, out _);
    }

    /// <inheritdoc/>
    public async Task<RunGeneration?> TryGetGenerationAsync(string runId, CancellationToken cancellation = default)
    {
        string? last = null;
        await foreach (var entry in blobs.ListAsync(BlobLayout.Generations(runId), cancellation)) last = entry.Path;
        return last is null ? null : await blobs.ReadJsonAsync<RunGeneration>(last, cancellation);
    }

    /// <inheritdoc/>
    public Task<bool> TryAddGenerationAsync(string runId, RunGeneration generation, CancellationToken cancellation = default) =>
        blobs.TryCreateJsonAsync(BlobLayout.Generation(runId, generation.Number), generation, cancellation);

    /// <inheritdoc/>
    public async Task<string> TieKeyAsync(string key, string runId, CancellationToken cancellation = default)
    {
        var path = BlobLayout.IdempotencyKey(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));
        return await blobs.TryCreateJsonAsync(path, new IndexEntry(runId), cancellation)
            ? runId
            : (await blobs.ReadJsonAsync<IndexEntry>(path, cancellation)).Id;
    }
}
