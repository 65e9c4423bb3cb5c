using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>What a run needs of another one.</summary>
/// <param name="RunId">The run that needs it.</param>
/// <param name="Paths">Blobs, and folders with a slash at their end.</param>
/// <param name="MadeAt">When it first said so.</param>
/// <param name="Fork">Whether it is a fork of the other one.</param>
internal sealed record RunClaim(string RunId, IReadOnlyList<string> Paths, DateTimeOffset MadeAt, bool Fork = false);

/// <summary>What is being removed.</summary>
internal sealed record DoomedPaths(IReadOnlyList<string> Paths);

/// <summary>
/// What runs need of each other. Who needs something writes that down first and then looks whether it is being removed; who removes
/// something writes that down first and then looks whether it is needed. So one of the two always sees the other, whoever dies when.
/// </summary>
internal sealed class RunClaims(IBlobStore blobs, TimeProvider clock)
{
    // A fork claims before it is a run. One that never became a run keeps nothing after that time.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>All that a stage's result needs of storage: its files, and the figures of the runs that made it.</summary>
    public async Task<IReadOnlyList<string>> NeededAsync(StageResult result, CancellationToken cancellation)
    {
        IReadOnlyList<string> paths = [.. StageOutputs.PathsOf(result), .. await BaseAsync(result.Checkpoint, cancellation)];
        if (result.ReusedFrom is not { } origin
            || await blobs.TryReadJsonAsync<RunFork>(BlobLayout.Fork(origin.RunId), cancellation) is not { } fork) return paths;
        var lineage = fork.Start?.Lineage.Select(span => BlobLayout.Metrics(span.RunId, span.Label)) ?? [];
        return [.. paths, BlobLayout.Fork(origin.RunId), .. lineage];
    }

    // What an adapter adds to.
    private async Task<IReadOnlyList<string>> BaseAsync(string? checkpoint, CancellationToken cancellation)
    {
        try
        {
            return checkpoint is not null && (await new CheckpointStore(blobs).TryReadAsync(checkpoint, cancellation))?.Base is { } below
                ? [below] : [];
        }
        catch (CheckpointCorruptException)
        {
            return []; // nobody can read it, whatever it needs
        }
    }

    /// <summary>Writes down that a run needs paths of others.</summary>
    /// <returns>Those that it comes too late for.</returns>
    public async Task<IReadOnlyList<string>> ClaimAsync(string runId, IEnumerable<string> paths, string? forkOf,
        CancellationToken cancellation)
    {
        var lost = new List<string>();
        foreach (var owned in Others(runId, paths))
        {
            var fork = owned.Key == forkOf;
            await blobs.ChangeJsonAsync<RunClaim>(BlobLayout.Claim(owned.Key, runId), before =>
            {
                if (before is null) return new(runId, [.. owned], clock.GetUtcNow(), fork);
                var all = before.Paths.Union(owned).ToList();
                return all.Count == before.Paths.Count && before.Fork == (before.Fork || fork)
                    ? before : before with { Paths = all, Fork = before.Fork || fork };
            }, cancellation);
            lost.AddRange(await LostAsync(owned.Key, runId, [.. owned], cancellation));
        }
        return lost;
    }

    /// <summary>Those of some paths that a run could not claim any more.</summary>
    public async Task<IReadOnlyList<string>> LostAsync(string runId, IEnumerable<string> paths, CancellationToken cancellation)
    {
        var lost = new List<string>();
        foreach (var owned in Others(runId, paths)) lost.AddRange(await LostAsync(owned.Key, runId, [.. owned], cancellation));
        return lost;
    }

    /// <summary>Takes a run's claims on others back.</summary>
    public async Task ReleaseAsync(string runId, IEnumerable<string> owners, CancellationToken cancellation)
    {
        foreach (var owner in owners) await blobs.DeleteAsync(BlobLayout.Claim(owner, runId), cancellation);
    }

    /// <summary>What other runs need of a run.</summary>
    public async Task<IReadOnlyList<RunClaim>> OnAsync(string owner, CancellationToken cancellation)
    {
        var claims = new List<RunClaim>();
        await foreach (var blob in blobs.ListAsync(BlobLayout.Claims(owner), cancellation))
        {
            if (await blobs.TryReadJsonAsync<RunClaim>(blob.Path, cancellation) is { } claim
                && (Instants.Between(claim.MadeAt, clock.GetUtcNow()) < Patience
                    || await blobs.ExistsAsync(BlobLayout.RunSpec(claim.RunId), cancellation))) claims.Add(claim);
        }
        return claims;
    }

    /// <summary>Writes down that checkpoints of a stage are to be removed.</summary>
    /// <returns>Those that may be; nobody can claim them any more.</returns>
    public async Task<IReadOnlyList<string>> DoomAsync(string owner, string stage, IReadOnlyList<string> checkpoints,
        CancellationToken cancellation)
    {
        if (checkpoints.Count == 0) return [];
        var list = BlobLayout.DoomedCheckpoints(owner, stage);
        var doomed = await UnclaimedAsync(checkpoints);
        if (doomed.Count == 0) return [];
        await blobs.WriteJsonAsync(list, new DoomedPaths(doomed), cancellation);
        var still = await UnclaimedAsync(doomed);
        if (still.Count < doomed.Count) await blobs.WriteJsonAsync(list, new DoomedPaths(still), cancellation);
        return still;

        async Task<IReadOnlyList<string>> UnclaimedAsync(IReadOnlyList<string> paths)
        {
            var claims = await OnAsync(owner, cancellation);
            return [.. paths.Where(path => !claims.Any(claim => Needs(claim, path)))];
        }
    }

    /// <summary>Writes down that all of a run is to be removed but for what others need.</summary>
    public Task DoomAsync(string owner, CancellationToken cancellation) =>
        blobs.WriteJsonAsync(BlobLayout.RemovedRun(owner), new DoomedPaths([BlobLayout.Run(owner)]), cancellation);

    /// <summary>Whether a run is removed, though others may still need parts of it.</summary>
    public Task<bool> IsRemovedAsync(string owner, CancellationToken cancellation) =>
        blobs.ExistsAsync(BlobLayout.RemovedRun(owner), cancellation);

    /// <summary>Whether a claim covers a path, or something below it.</summary>
    public static bool Needs(RunClaim claim, string path) => claim.Paths.Any(needed => Covers(needed, path) || Covers(path, needed));

    private static bool Covers(string outer, string path) =>
        outer == path || (outer.EndsWith('/') && path.StartsWith(outer, StringComparison.Ordinal));

    private static IEnumerable<IGrouping<string, string>> Others(string runId, IEnumerable<string> paths) =>
        paths.Distinct().Where(path => BlobLayout.OwnerOf(path) is { } owner && owner != runId)
            .GroupBy(path => BlobLayout.OwnerOf(path)!);

    // What another run needs that is not being removed itself stays, and so can be claimed whatever becomes of its owner.
    private async Task<IReadOnlyList<string>> LostAsync(string owner, string runId, IReadOnlyList<string> paths,
        CancellationToken cancellation)
    {
        var doomed = new List<string>();
        await foreach (var blob in blobs.ListAsync(BlobLayout.Doomed(owner), cancellation))
            doomed.AddRange((await blobs.TryReadJsonAsync<DoomedPaths>(blob.Path, cancellation))?.Paths ?? []);
        var going = paths.Where(path => doomed.Any(gone => Covers(gone, path))).ToList();
        if (going.Count == 0) return [];
        var holders = new List<RunClaim>();
        foreach (var claim in await OnAsync(owner, cancellation))
        {
            if (claim.RunId != runId && await blobs.ExistsAsync(BlobLayout.RunSpec(claim.RunId), cancellation)
                && !await IsRemovedAsync(claim.RunId, cancellation)) holders.Add(claim);
        }
        return [.. going.Where(path => !holders.Any(claim => claim.Paths.Any(held => Covers(held, path))))];
    }
}
