using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
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
    public static async Task<IReadOnlyList<(string What, string Path)>> CopyAsync(IBlobStore blobs, RunView run, string folder,
        CancellationToken cancellation)
    {
        var found = new List<(string What, string Path)>();
        Directory.CreateDirectory(folder);

        var report = BlobLayout.Report(run.Id, "");
        await foreach (var blob in blobs.ListAsync(report, cancellation))
        {
            var name = blob.Path[report.Length..];
            var file = SafePath.Join(folder, name);
            await CopyAsync(blobs, blob.Path, file, cancellation);
            if (name.EndsWith(".html", StringComparison.Ordinal)) found.Add(("report", file.FullName));
            if (Charts.Contains(name)) found.Add(("chart", file.FullName)); // those of single stages lie beside them
        }

        if (await blobs.TryReadJsonAsync<RunSpec>(BlobLayout.RunSpec(run.Id), cancellation) is { } spec)
            await File.WriteAllTextAsync(SafePath.Join(folder, "recipe.json").FullName, JsonSerializer.Serialize(spec.Recipe,
                R1Json.Indented),
                cancellation);

        foreach (var stage in run.Stages)
        {
            var events = stage.ReusedFrom is { } origin
                ? BlobLayout.TensorBoard(origin.RunId, origin.Label) : BlobLayout.TensorBoard(run.Id, stage.Label);
            var file = SafePath.Join(folder, $"tensorboard/{stage.Label}/{events[(events.LastIndexOf('/') + 1)..]}");
            if (await blobs.ExistsAsync(events, cancellation)) await CopyAsync(blobs, events, file, cancellation);
        }
        if (Directory.Exists(Path.Combine(folder, "tensorboard"))) found.Add(("TensorBoard", Path.Combine(folder, "tensorboard")));

        foreach (var (model, stage) in Models(run.Stages))
        {
            var target = SafePath.Join(folder, model).FullName;
            await CopyModelAsync(blobs, stage.Checkpoint!, target, cancellation);
            found.Add((model == Result ? "model" : stage.Name, target));
        }
        return [.. found.Select(entry => (entry.What, Path.GetRelativePath(Environment.CurrentDirectory, entry.Path)))];
    }

    /// <summary>
    /// The models in which a run ends, that is from which no later stage starts, by the folder that they go into: the result, which is the
    /// last one that is neither student nor reward model, into <c>model</c>, any other into <c>models</c> by its name.
    /// </summary>
    internal static IReadOnlyList<(string Folder, StageView Stage)> Models(IReadOnlyList<StageView> stages)
    {
        var models = stages.Where(stage => stage.Checkpoint is not null && stage.Kind != "evaluate").ToList();
        var ends = models.Where(model =>
            !stages.Any(stage => stage.From == model.Name && stage.Kind is not ("evaluate" or JobKinds.RewardModel))).ToList();
        var result = ends.LastOrDefault(stage => !ModelNames.IsStudent(stage.Name) && stage.Kind != JobKinds.RewardModel)
            ?? ends.LastOrDefault();
        return [.. ends.OrderByDescending(stage => stage == result)
            .Select(stage => (stage == result ? Result : $"{Others}/{stage.Name}", stage))];
    }

    private static async Task CopyModelAsync(IBlobStore blobs, string checkpoint, string folder, CancellationToken cancellation)
    {
        try
        {
            foreach (var (name, file) in await new CheckpointStore(blobs).ModelFilesAsync(checkpoint, cancellation))
                await CopyAsync(blobs, file.Path, SafePath.Join(folder, name), cancellation);
        }
        catch (Exception e) when (e is CheckpointNotFoundException or CheckpointCorruptException)
        {
            throw new StorageException(e.Message, e);
        }
    }

    private static async Task CopyAsync(IBlobStore blobs, string path, SafePath file, CancellationToken cancellation)
    {
        if (!await blobs.TryDownloadAsync(path, file, cancellation)) throw new StorageException($"Blob '{path}' is gone.");
    }
}
