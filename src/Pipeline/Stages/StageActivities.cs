using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Storage;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Pipeline.Stages;

/// <summary>A stage's record, to be saved.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage's label.</param>
/// <param name="Record">The record.</param>
/// <param name="Finished">What else a finished stage's entry in the index needs; null for a stage that is not finished.</param>
internal sealed record StageSave(string RunId, string Stage, StageRecord Record, FinishedStage? Finished = null);

/// <summary>What a run has to do: its recipe, and by name what is there of its stages already.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Records">What earlier generations left and what is taken over from other runs.</param>
/// <param name="Keys">The stages' keys, where they are known.</param>
/// <param name="Reasons">Why stages run that are not there.</param>
/// <param name="Start">Where a stage goes on that another run began; null where none does.</param>
internal sealed record RunPlan(
    Recipe Recipe, IReadOnlyDictionary<string, StageRecord> Records, IReadOnlyDictionary<string, string> Keys,
        IReadOnlyDictionary<string, string> Reasons, StageStart? Start = null);

/// <summary>An iteration whose update is committed: its gradients are of no more use.</summary>
internal sealed record GradientsDone(string RunId, string Stage, int Iteration);

/// <summary>The workers that a run asks for.</summary>
internal sealed record WorkersRequest(string RunId, WorkersRecipe Workers);

/// <summary>The end of a run's need for workers.</summary>
internal sealed record WorkersRelease(string RunId, bool Completed, int Generation = 0);

/// <summary>What run and stage orchestrations ask of the world; each may run more than once.</summary>
internal sealed class StageActivities(
    IRunStore runs, RunIndex index, IBlobStore blobs, JobQueues queues, IWorkerPool pool, ReusePlanner planner, StageIndexing indexing,
        RunDigests digests, RunClaims claims, TimeProvider clock)
{
    public const string Begin = "begin-run";
    public const string Save = "save-stage";
    public const string Prune = "prune-checkpoints";
    public const string ForgetGradients = "forget-gradients";
    public const string EnsureWorkers = "ensure-workers";
    public const string ReleaseWorkers = "release-workers";

    /// <summary>Reads the recipe and the stages' records, and takes over what other runs have finished.</summary>
    public async Task<RunPlan> BeginAsync(RunInput input, CancellationToken cancellation)
    {
        var spec = await runs.TryGetAsync(input.RunId, cancellation)
            ?? throw new StorageException($"There is no run '{input.RunId}' in storage.");
        var recipe = spec.ParseRecipe();
        // A retry goes on with what it has: an input may have been cleared away once it was used.
        if (input.Generation == 0) await CheckInputsAsync(recipe, cancellation);
        var fork = await planner.ForkOfAsync(spec, cancellation);
        var (keys, decisions) = await planner.DecideAsync(recipe, spec.Threads, input, spec.Reuse, fork, cancellation);
        var records = new Dictionary<string, StageRecord>();
        foreach (var (name, decision) in decisions)
        {
            if (decision.Record is not { } record) continue;
            if (decision.TakenOver)
            {
                await ClaimAsync(spec, name, record.Result!, cancellation);
                var now = clock.GetUtcNow();
                record = record with { Result = record.Result! with { StartedAt = now, EndedAt = now } };
                await blobs.WriteJsonAsync(BlobLayout.StageRecord(input.RunId, input.Label(name)), record, cancellation);
                await digests.ProgressAsync(input.RunId, input.Label(name), record.Result.Steps,
                    record.Result.Evaluation?.Metrics ?? record.Result.Metrics, cancellation);
            }
            records.Add(name, record);
        }
        await blobs.WriteJsonAsync(BlobLayout.Decisions(input.RunId, input.Generation), new RunDecisions(decisions.ToDictionary(
            decision => decision.Key, decision => new RunDecision(decision.Value.Record?.Result?.ReusedFrom, decision.Value.Reason))),
                cancellation);
        return new(
            recipe, records,
            keys.Where(key => key.Value.Result is not null).ToDictionary(key => key.Key, key => key.Value.Result!),
            decisions.Where(decision => decision.Value.Reason is not null)
                .ToDictionary(decision => decision.Key, decision => decision.Value.Reason!), fork?.Start);
    }

    // Before anything refers to it. What is being removed meanwhile is looked for again, and not found then.
    private async Task ClaimAsync(RunSpec run, string stage, StageResult result, CancellationToken cancellation)
    {
        var lost = await claims.ClaimAsync(run.Id, await claims.NeededAsync(result, cancellation), run.Fork?.RunId, cancellation);
        if (lost.Count > 0)
            throw new StorageException($"Stage '{stage}' of run '{run.Id}' cannot take over '{lost[0]}': it is being removed.");
    }

    // What is missing is reported before anything is computed, not when its stage comes.
    private async Task CheckInputsAsync(Recipe recipe, CancellationToken cancellation)
    {
        var missing = new List<string>();
        foreach (var input in recipe.StoredInputs())
        {
            var path = input[BlobReference.Prefix.Length..].TrimEnd('/');
            if (!await blobs.ExistsAsync(path, cancellation) && !await blobs.ListAsync(path + "/", cancellation).AnyAsync(cancellation))
                missing.Add(input);
        }
        if (missing.Count > 0)
            throw new BadInputException(
                $"{missing.Count} of the recipe's inputs are not in storage "
                + $"(container {BlobLayout.Container}): {string.Join(", ", missing)}. Upload them, then retry the run.");
    }

    /// <summary>Writes a stage's record, and after it a finished stage's entry in the index of all runs.</summary>
    public async Task SaveAsync(StageSave save, CancellationToken cancellation)
    {
        await blobs.WriteJsonAsync(BlobLayout.StageRecord(save.RunId, save.Stage), save.Record, cancellation);
        if (save.Record.Result is not { } result) return;
        await digests.ProgressAsync(save.RunId, save.Stage, result.Steps, result.Evaluation?.Metrics ?? result.Metrics, cancellation);
        if (save.Finished is not { } stage) return;
        await indexing.AddAsync(save.RunId, stage, result, cancellation);
        RunSpans.StageEnded(save.RunId, result);
    }

    /// <summary>
    /// Removes the checkpoints that neither <see cref="CheckpointRetention"/> nor a claim of another run keeps, and what an interrupted
    /// removal left of them.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> PruneAsync(CheckpointPrune prune, CancellationToken cancellation)
    {
        var prefix = BlobLayout.Checkpoints(prune.RunId, prune.Stage);
        var (doomed, states) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        await foreach (var blob in blobs.ListAsync(prefix, cancellation))
        {
            if (CheckpointRetention.StepOf(prefix, blob.Path) is not { } step) continue;
            var checkpoint = BlobLayout.Checkpoint(prune.RunId, prune.Stage, step);
            if (!CheckpointRetention.Keeps(prune, step)) doomed.Add(checkpoint);
            else if (!CheckpointRetention.KeepsState(prune, step)
                && blob.Path.StartsWith(BlobLayout.TrainingState(checkpoint), StringComparison.Ordinal))
                states.Add(BlobLayout.TrainingState(checkpoint));
        }
        var checkpoints = new CheckpointStore(blobs);
        var pools = await OldPoolsAsync(prune, cancellation);
        var unclaimed = await claims.DoomAsync(prune.RunId, prune.Stage, [.. doomed, .. states, .. pools], cancellation);
        foreach (var checkpoint in unclaimed.Except(pools)) await checkpoints.DeleteAsync(checkpoint, cancellation);
        foreach (var pool in unclaimed.Intersect(pools)) await blobs.DeleteAsync(pool, cancellation);
        return unclaimed.Count(doomed.Contains);
    }

    // A curriculum's pools stay with the checkpoints, and one more: rollouts that are sampled again may have been drawn by it.
    private async Task<HashSet<string>> OldPoolsAsync(CheckpointPrune prune, CancellationToken cancellation)
    {
        var prefix = BlobLayout.Pools(prune.RunId, prune.Stage);
        var old = new HashSet<string>(StringComparer.Ordinal);
        var earlier = prune with { Latest = prune.Latest - 1, ReplayFrom = prune.ReplayFrom - 1 };
        await foreach (var blob in blobs.ListAsync(prefix, cancellation))
        {
            if (BlobLayout.StepOf(blob.Path.Split('.')[0]) is { } step
                && !CheckpointRetention.Keeps(earlier, step)) old.Add(blob.Path);
        }
        return old;
    }

    /// <summary>Removes an iteration's gradients.</summary>
    /// <returns>How many blobs were removed.</returns>
    public async Task<int> ForgetGradientsAsync(GradientsDone done, CancellationToken cancellation)
    {
        var removed = 0;
        await Parallel.ForEachAsync(
            blobs.ListAsync(BlobLayout.Gradients(done.RunId, done.Stage, done.Iteration), cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation },
            async (blob, stop) =>
            {
                if (await blobs.DeleteAsync(blob.Path, stop)) Interlocked.Increment(ref removed);
            });
        return removed;
    }

    /// <summary>Creates the run's queues and sees to its workers.</summary>
    public async Task EnsureWorkersAsync(WorkersRequest request, CancellationToken cancellation)
    {
        await queues.GetAsync(BlobLayout.CompletionsQueue, cancellation);
        await queues.GetAsync(BlobLayout.JobQueue(request.RunId), cancellation);
        await index.MarkAsync(request.RunId, cancellation); // so that its workers are released even if the run cannot do it
        await pool.EnsureAsync(request.RunId, request.Workers, cancellation);
    }

    /// <summary>Lets the run's workers go, and with a completed run its job queue; a run that may be continued keeps it.</summary>
    public async Task ReleaseWorkersAsync(WorkersRelease release, CancellationToken cancellation)
    {
        await pool.ReleaseAsync(release.RunId, cancellation);
        if (RunTrace.Source.HasListeners() && await StartOfAsync(release, cancellation) is { } start)
            RunSpans.Ended(release.RunId, release.Generation, start, clock.GetUtcNow(), release.Completed);
        if (!release.Completed) return;
        // A worker that finds no queue knows by this that it comes too late, not too early.
        await blobs.WriteJsonAsync(BlobLayout.RunEnded(release.RunId, release.Generation), new { endedAt = clock.GetUtcNow() },
            cancellation);
        await queues.DropAsync(BlobLayout.JobQueue(release.RunId), cancellation);
    }

    private async Task<DateTimeOffset?> StartOfAsync(WorkersRelease release, CancellationToken cancellation) => release.Generation == 0
        ? (await runs.TryGetAsync(release.RunId, cancellation))?.CreatedAt
        : (await runs.TryGetGenerationAsync(release.RunId, cancellation))?.CreatedAt;
}
