using System.Runtime.CompilerServices;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>What became of a run that was removed: the answer of <c>DELETE /api/runs/{id}</c>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Removed">How many blobs were removed.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Kept">What stays because other runs need it; it goes with the last of them.</param>
public sealed record RunRemovalView(string RunId, int Removed, long Bytes, IReadOnlyList<KeptPath> Kept);

/// <summary>A blob or folder that stays.</summary>
/// <param name="Path">It.</param>
/// <param name="By">The runs that need it.</param>
public sealed record KeptPath(string Path, IReadOnlyList<string> By);

/// <summary>
/// Removes runs. What other runs need stays, and goes with the last of those. It may be interrupted anywhere and asked for again: first it
/// is written down that the run goes, so that nobody begins to need it, and the run's own entry goes last.
/// </summary>
internal sealed class RunRemoval(IRunStore runs, RunIndex index, IOrchestrationClient client, IWorkerPool pool, JobQueues queues,
    IBlobStore blobs, RunClaims claims, MetricsReader metrics)
{
    private const int AtOnce = 8;

    // Runs looked at for one page of the index.
    private const int Page = 1000;

    /// <summary>Removes a run.</summary>
    /// <exception cref="InvalidRequestException">The id is not valid.</exception>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    /// <exception cref="RunConflictException">It is not finished.</exception>
    public async Task<RunRemovalView> RemoveAsync(string id, CancellationToken cancellation)
    {
        RunIds.Check(id);
        var run = await runs.TryGetAsync(id, cancellation);
        if (run is null && !await claims.IsRemovedAsync(id, cancellation)) throw new RunNotFoundException($"There is no run '{id}'.");
        if (await client.GetAsync(id, cancellation) is { IsFinished: false })
            throw new RunConflictException($"Run '{id}' is not finished and cannot be removed. Cancel it first.");

        await CompleteAsync(cancellation);
        await claims.DoomAsync(id, cancellation);
        await pool.ReleaseAsync(id, cancellation);
        await ForgetInstancesAsync(id, cancellation);
        await queues.DropAsync(BlobLayout.JobQueue(id), cancellation);
        var owners = await OwnersAsync(id, cancellation);
        await claims.ReleaseAsync(id, owners, cancellation);
        // What was kept for this run alone goes with it; first, while there is still something to tell whose it was.
        foreach (var owner in owners)
        {
            if (await claims.IsRemovedAsync(owner, cancellation)) await CollectAsync(owner, cancellation);
        }
        if (run is not null) await runs.RemoveAsync(run, cancellation);
        metrics.Forget(id);
        return await CollectAsync(id, cancellation);
    }

    // Runs of earlier versions took over stages without a claim: they are looked through once.
    private async Task CompleteAsync(CancellationToken cancellation)
    {
        if (await blobs.ExistsAsync(BlobLayout.ClaimsComplete, cancellation)) return;
        await foreach (var run in index.ListAsync(null, Page, cancellation))
        {
            await foreach (var result in TakenOverAsync(run.Id, cancellation))
                await claims.ClaimAsync(run.Id, await claims.NeededAsync(result, cancellation), null, cancellation);
        }
        await blobs.WriteAsync(BlobLayout.ClaimsComplete, new("{}"), cancellation);
    }

    private async IAsyncEnumerable<StageResult> TakenOverAsync(string id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var blob in blobs.ListAsync(BlobLayout.StageRecords(id), cancellation))
        {
            if ((await blobs.TryReadJsonAsync<StageRecord>(blob.Path, cancellation))?.Result is { ReusedFrom: not null } result)
                yield return result;
        }
    }

    // Removes all of a removed run that nobody needs; the word of its removal last.
    private async Task<RunRemovalView> CollectAsync(string id, CancellationToken cancellation)
    {
        var held = await claims.OnAsync(id, cancellation);
        var (root, claimed, mark) = (BlobLayout.Run(id), BlobLayout.Claims(id), BlobLayout.RemovedRun(id));
        var (removed, bytes, kept) = (0, 0L, false);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(blobs.ListAsync(root, cancellation), parallel, async (blob, stop) =>
        {
            if (blob.Path == mark || blob.Path.StartsWith(claimed, StringComparison.Ordinal)) return;
            if (held.Any(claim => RunClaims.Needs(claim, blob.Path))) kept = true;
            else await DeleteAsync(blob, stop);
        });
        await Parallel.ForEachAsync(blobs.ListAsync(BlobLayout.Rollouts(id), cancellation), parallel,
            async (blob, stop) => await DeleteAsync(blob, stop));
        if (!kept)
        {
            await foreach (var blob in blobs.ListAsync(claimed, cancellation)) await blobs.DeleteAsync(blob.Path, cancellation);
            await blobs.DeleteAsync(mark, cancellation);
        }
        return new(id, removed, bytes,
            [.. held.SelectMany(claim => claim.Paths.Select(path => (path, claim.RunId))).GroupBy(one => one.path, one => one.RunId)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new KeptPath(group.Key, [.. group.Order(StringComparer.Ordinal)]))]);

        async Task DeleteAsync(BlobEntry blob, CancellationToken stop)
        {
            if (!await blobs.DeleteAsync(blob.Path, stop)) return;
            Interlocked.Increment(ref removed);
            Interlocked.Add(ref bytes, blob.Length);
        }
    }

    // The runs that the run's stages and its own beginning refer to.
    private async Task<IReadOnlyList<string>> OwnersAsync(string id, CancellationToken cancellation)
    {
        var owners = new SortedSet<string>(StringComparer.Ordinal);
        if (await blobs.TryReadJsonAsync<RunFork>(BlobLayout.Fork(id), cancellation) is { } fork)
        {
            foreach (var record in fork.Records.Values) await AddAsync(record.Result!);
            if (fork.Start is { } start)
                Add([start.Policy, start.Reference, .. start.Lineage.Select(span => BlobLayout.Metrics(span.RunId, span.Label))]);
        }
        await foreach (var result in TakenOverAsync(id, cancellation)) await AddAsync(result);
        owners.Remove(id);
        return [.. owners];

        async Task AddAsync(StageResult result) => Add(await claims.NeededAsync(result, cancellation));

        void Add(IEnumerable<string> paths) => owners.UnionWith(paths.Select(BlobLayout.OwnerOf).OfType<string>());
    }

    private async Task ForgetInstancesAsync(string id, CancellationToken cancellation)
    {
        var instances = new List<string>();
        await foreach (var state in client.ListAsync(id + ":", cancellation: cancellation)) instances.Add(state.InstanceId);
        foreach (var instance in instances.Append(id))
        {
            if (!await client.PurgeAsync(instance, cancellation) && await client.GetAsync(instance, cancellation) is not null)
                throw new RunConflictException($"Run '{id}' is still stopping ('{instance}' is not finished). Try again in a moment.");
        }
    }
}
