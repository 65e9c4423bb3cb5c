using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Importing;

/// <summary>
/// Makes a checkpoint of a model folder. Its files are checked, and copied as they are, a piece at a time: no tensor is ever in memory, and
/// 8-bit floats stay what they are.
/// </summary>
internal sealed class ImportHandler : IJobHandler<ImportJob>
{
    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(ImportJob payload, JobContext context)
    {
        var path = payload.Settings.Path;
        var folder = BlobReference.Is(path) ? await DownloadAsync(payload, context) : HubName.Is(path) ? await FetchAsync(path, context)
            : path;
        GgufFile.RefuseOther(folder);
        if (GgufFile.Is(folder)) folder = Unpack(folder, context);
        if (!Directory.Exists(folder))
            throw new BadInputException(
                $"Stage '{payload.Stage}', path: there is no folder '{path}' on this worker. A path is one of the worker's own machine; a "
                + $"folder in storage is written {BlobReference.Prefix}PATH.");

        var model = ModelFolder.Check(folder);
        context.ThrowIfPreempted();
        using (context.Time.Measure(TimePart.Storage))
            await new CheckpointStore(context.Blobs)
                .WriteAsync(payload.Checkpoint, payload.Stage, payload.Step, context.Attempt, parent: null, folder, model.Files,
                    cancellation: context.Preemption);
        return new(
            new Dictionary<string, string> { ["checkpoint"] = payload.Checkpoint },
            new Dictionary<string, double> { [MetricNames.Parameters] = model.Config.ParameterCount(), [MetricNames.Bytes] = model.Bytes });
    }

    private static string Unpack(string file, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var folder = Path.Combine(context.ScratchFolder, "unpacked");
        GgufUnpacking.Unpack(file, folder);
        return folder;
    }

    // What has come of it is in the worker's cache: another attempt there goes on with it.
    private static async Task<string> FetchAsync(string name, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        return await context.Hub.ModelFolderAsync(HubName.Parse(name), weights: true, context.Preemption);
    }

    // Fetches a folder from storage, without its subfolders but for chat templates, into the attempt's own.
    private static async Task<string> DownloadAsync(ImportJob payload, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var path = payload.Settings.Path;
        return await StoredModel.FetchAsync(context.Blobs, path, context.ScratchFolder, "import", isWanted: null, context.Preemption)
            ?? throw new BadInputException($"Stage '{payload.Stage}', path: '{path}' holds no files: there are no blobs under "
                + $"'{path[BlobReference.Prefix.Length..].TrimEnd('/')}/'.");
    }
}
