using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>Enters finished stages and their measurements in the index of all runs.</summary>
internal sealed class StageIndexing(IRunStore runs, IBlobStore blobs, ReusePlanner planner, StageOutputs outputs, StageIndex index)
{
    /// <summary>Enters a stage that the run made itself, and what was measured of it. Doing it again changes nothing.</summary>
    public async Task AddAsync(string runId, FinishedStage stage, StageResult result, CancellationToken cancellation)
    {
        var run = await runs.TryGetAsync(runId, cancellation) ?? throw new StorageException($"There is no run '{runId}' in storage.");
        var recipe = run.ParseRecipe();
        var fork = await planner.ForkOfAsync(run, cancellation);
        var key = (await planner.KeysAsync(recipe, run.Threads, fork, cancellation))[stage.Name];
        if (key.Result != stage.Key) return; // a data file changed while the run went on: nobody knows which rows it read

        var measured = recipe.Stages[stage.Name].YieldsModel() ? result.Evaluation : null;
        if (result.ReusedFrom is null && IsOfOneArithmetic(result.Numerics)
            && await EntryAsync(runId, stage, result with { Evaluation = measured is null ? result.Evaluation : null }, cancellation)
            is { } entry)
            await index.AddAsync(recipe.Name, stage.Name, key, entry, cancellation);
        if (measured is not null && IsOfOneArithmetic(measured.Numerics) && key.Evaluation is not null
            && result.ReusedFrom is not { Measured: true }
            && await outputs.ContentAsync(result, verify: false, cancellation) is { } content)
            await index.AddAsync(key.Evaluation, new EvaluationEntry(runId, result.Label, content, measured), cancellation);
    }

    // The key says which one; a run that an upgrade interrupted, or whose workers are of another version, may have several.
    private static bool IsOfOneArithmetic(IReadOnlyList<int>? numerics) =>
        (numerics ?? [1]).All(version => version == TrainerNumerics.Version);

    private async Task<StageEntry?> EntryAsync(string runId, FinishedStage stage, StageResult result, CancellationToken cancellation)
    {
        var inputs = new Dictionary<string, string>();
        foreach (var (name, label) in stage.Inputs)
        {
            var input = (await blobs.ReadJsonAsync<StageRecord>(BlobLayout.StageRecord(runId, label), cancellation)).Result;
            if (input is null || await outputs.ContentAsync(input, verify: false, cancellation) is not { } made) return null;
            inputs[name] = made;
        }
        return await outputs.ContentAsync(result, verify: false, cancellation) is { } content
            ? new(runId, result.Label, result, content, inputs) : null;
    }
}
