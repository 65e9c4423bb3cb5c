using System.Globalization;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A checkpoint of a stage from which the stage can go on.</summary>
/// <param name="Path">The checkpoint.</param>
/// <param name="Lineage">The runs that made it, the first one first; the last one's span ends at its step.</param>
/// <param name="Reference">
/// The checkpoint of the reference model at that time; null where it was the model that the stage began with.
/// </param>
/// <param name="Pool">The curriculum's pool at that time; null where there was none.</param>
internal sealed record ForkPoint(string Path, IReadOnlyList<LineageSpan> Lineage, string? Reference = null,
    string? Pool = null);

/// <summary>Finds the checkpoints of a stage that are kept, in the runs that had a part in it.</summary>
internal sealed class ForkPoints(IRunStore runs, IBlobStore blobs, StageOutputs outputs, ReusePlanner planner)
{
    /// <summary>The checkpoint of a stage at an iteration, or the latest one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="label">The stage's label.</param>
    /// <param name="iteration">The iteration; null for the latest.</param>
    /// <param name="needsReference">Whether what follows asks the reference model.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The iteration and its checkpoint.</returns>
    /// <exception cref="InvalidRequestException">There is none that training can go on from; the nearest ones are named.</exception>
    public async Task<(int Iteration, ForkPoint Point)> FindAsync(RunSpec run, string stage, string label, int? iteration,
        bool needsReference, CancellationToken cancellation)
    {
        var kept = await KeptAsync(run, stage, label, int.MaxValue, cancellation);
        var usable = new SortedDictionary<int, ForkPoint>();
        var why = "";
        foreach (var (step, point) in iteration is null ? kept.Reverse() : kept.OrderBy(one => Math.Abs(one.Key - iteration.Value)))
        {
            if (await FlawAsync(point, needsReference, cancellation) is not { } flaw)
            {
                usable[step] = point;
                // The one asked for, or else one on either side of it.
                if (iteration is null || step == iteration)
                    return (step, point with { Pool = point.Pool ?? await PoolAsync(point.Lineage[^1], step, cancellation) });
                if (usable.Keys.Any(key => key < iteration) && usable.Keys.Any(key => key > iteration)) break;
            }
            else if (step == iteration) why = $" At iteration {step} {flaw}.";
        }
        var allowed = usable.Keys.Where(key => key < iteration).TakeLast(1).Concat(usable.Keys.Where(key => key > iteration).Take(1))
            .Select(key => string.Create(CultureInfo.InvariantCulture, $"{stage}:{key}")).ToList();
        throw new InvalidRequestException("at",
            iteration is null ? stage : string.Create(CultureInfo.InvariantCulture, $"{stage}:{iteration}"),
            (allowed.Count > 0 ? $"{string.Join(" or ", allowed)}, the nearest iterations that run '{run.Id}' keeps a checkpoint of"
                : $"{stage}:0, as run '{run.Id}' keeps no checkpoint of it to go on from") + why);
    }

    // Attempts that lost may have written pools too: the update's result names the one that counts.
    private async Task<string?> PoolAsync(LineageSpan span, int step, CancellationToken cancellation)
    {
        var update = BlobLayout.JobResult(span.RunId, JobId.Create(span.Label, step - 1, JobKinds.Update, 0));
        return (await blobs.TryReadJsonAsync<JobResult>(update, cancellation))?.Outputs.GetValueOrDefault("pool");
    }

    private async Task<string?> FlawAsync(ForkPoint point, bool needsReference, CancellationToken cancellation)
    {
        if (await outputs.WholeAsync(point.Path, cancellation) is not { } manifest) return "it is missing or damaged";
        if (!manifest.FilesOf(CheckpointPart.State).Any()
            && await outputs.WholeAsync(BlobLayout.TrainingState(point.Path), cancellation) is null)
            return "it holds weights without the optimizer's moments";
        return needsReference && point.Reference is { } reference && await outputs.WholeAsync(reference, cancellation) is null
            ? "the reference model of that time is not kept" : null;
    }

    // The checkpoints up to a step, by it. Those before a fork's beginning are its parent's.
    private async Task<SortedDictionary<int, ForkPoint>> KeptAsync(RunSpec run, string stage, string label, int to,
        CancellationToken cancellation)
    {
        var kept = new SortedDictionary<int, ForkPoint>();
        var start = (await planner.ForkOfAsync(run, cancellation))?.Start is { } own && own.Stage == stage ? own : null;
        if (start is not null)
        {
            var last = start.Lineage[^1];
            if (await runs.TryGetAsync(last.RunId, cancellation) is { } parent)
            {
                foreach (var (step, point) in await KeptAsync(parent, stage, last.Label, Math.Min(to, start.Iteration), cancellation))
                    kept[step] = point;
            }
            // What the parent has removed, or is removed itself: this run's own claim keeps the beginning.
            if (start.Iteration <= to) kept[start.Iteration] = new(start.Policy, start.Lineage, start.Reference, start.Pool);
        }
        var settings = run.ParseRecipe().Stages[stage] as RlStage;
        var folder = BlobLayout.Checkpoints(run.Id, label);
        await foreach (var blob in blobs.ListAsync(folder, cancellation))
        {
            if (!blob.Path.EndsWith("/" + CheckpointStore.ManifestName, StringComparison.Ordinal)) continue;
            var path = blob.Path[..^CheckpointStore.ManifestName.Length];
            if (BlobLayout.StepOf(path) is not { } step || step > to || step <= (start?.Iteration ?? 0)) continue;
            kept[step] = new(path, [.. start?.Lineage ?? [], new(run.Id, label, step)], Reference(step));
        }
        return kept;

        string? Reference(int step)
        {
            var every = settings?.ReferenceEvery ?? 0;
            var last = every > 0 ? step / every * every : 0;
            return last > (start?.Iteration ?? 0) ? BlobLayout.CheckpointIn(folder, last) : start?.Reference;
        }
    }
}
