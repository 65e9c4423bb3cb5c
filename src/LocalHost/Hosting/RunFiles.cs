using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Copies what a finished run made out of blob storage into a folder that people can open.</summary>
internal static class RunFiles
{
    private const string Result = "model";
    private const string Others = "models";
    private static readonly string[] Charts = ["stages.svg", "curve.svg"];

    /// <summary>Copies the report, the TensorBoard events and the models (Hugging Face layout).</summary>
    /// <returns>What is where, relative to the current folder.</returns>
    public static async Task<IReadOnlyList<(string What, string Path)>> CopyAsync(IBlobStore blobs, RunView run, string folder, CancellationToken cancellation)
    {
        var found = new List<(string What, string Path)>();
        Directory.CreateDirectory(folder);

        var report = BlobLayout.Report(run.Id, "");
        await foreach (var blob in blobs.ListAsync(report, cancellation))
        {
            var file = Path.Combine(folder, blob.Path[report.Length..]);
            await CopyAsync(blobs, blob.Path, file, cancellation);
            if (file.EndsWith(".html", StringComparison.Ordinal)) found.Add(("report", file));
            if (Charts.Contains(blob.Path[report.Length..])) found.Add(("chart", file)); // those of single stages lie beside them
        }

        foreach (var stage in run.Stages)
        {
            var events = stage.ReusedFrom is { } origin ? BlobLayout.TensorBoard(origin.RunId, origin.Label) : BlobLayout.TensorBoard(run.Id, stage.Label);
            var file = Path.Combine(folder, "tensorboard", stage.Label, Path.GetFileName(events));
            if (await blobs.ExistsAsync(events, cancellation)) await CopyAsync(blobs, events, file, cancellation);
        }
        if (Directory.Exists(Path.Combine(folder, "tensorboard"))) found.Add(("TensorBoard", Path.Combine(folder, "tensorboard")));

        foreach (var (model, stage) in Models(run.Stages))
        {
            await CopyModelAsync(blobs, stage.Checkpoint!, Path.Combine(folder, model), cancellation);
            found.Add((model == Result ? "model" : stage.Name, Path.Combine(folder, model)));
        }
        return [.. found.Select(entry => (entry.What, Path.GetRelativePath(Environment.CurrentDirectory, entry.Path)))];
    }

    /// <summary>
    /// The models in which a run ends, that is from which no later stage starts, by the folder that they go into: the result, which is the last one that is neither student nor reward model, into <c>model</c>,
    /// any other into <c>models</c> by its name.
    /// </summary>
    internal static IReadOnlyList<(string Folder, StageView Stage)> Models(IReadOnlyList<StageView> stages)
    {
        var models = stages.Where(stage => stage.Checkpoint is not null && stage.Kind != "evaluate").ToList();
        var ends = models.Where(model => !stages.Any(stage => stage.From == model.Name && stage.Kind is not ("evaluate" or JobKinds.RewardModel))).ToList();
        var result = ends.LastOrDefault(stage => !ModelNames.IsStudent(stage.Name) && stage.Kind != JobKinds.RewardModel) ?? ends.LastOrDefault();
        return [.. ends.OrderByDescending(stage => stage == result).Select(stage => (stage == result ? Result : Path.Combine(Others, stage.Name), stage))];
    }

    private static async Task CopyModelAsync(IBlobStore blobs, string checkpoint, string folder, CancellationToken cancellation)
    {
        var manifest = await blobs.TryReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json", cancellation)
            ?? throw new StorageException($"Checkpoint '{checkpoint}' has no manifest.json.");
        foreach (var (name, file) in manifest.ModelFiles()) await CopyAsync(blobs, file.Path, Path.Combine(folder, name), cancellation);
    }

    private static async Task CopyAsync(IBlobStore blobs, string path, string file, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (!await blobs.TryDownloadAsync(path, file, cancellation)) throw new StorageException($"Blob '{path}' is gone.");
    }
}
