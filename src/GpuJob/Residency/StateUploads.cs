using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Residency;

/// <summary>A training state that is to be stored.</summary>
/// <param name="Before">The checkpoint whose state was stored before it; null where training began since.</param>
internal sealed record StateDue(string? Before);

/// <summary>
/// Training states on their way from this machine to storage while jobs go on; one at most. The files are a copy, so nothing waits for
/// them. A state that does not arrive, as its worker died, is no loss: the updates since the one before give it again.
/// </summary>
internal sealed partial class StateUploads : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private Task underWay = Task.CompletedTask;

    /// <summary>Sends a state off; none may be under way.</summary>
    /// <param name="folder">Its files, in the attempt's scratch folder; they are taken over.</param>
    /// <param name="checkpoint">The checkpoint whose state it is.</param>
    /// <param name="state">Where training stands.</param>
    /// <param name="context">The attempt, which may end before.</param>
    /// <returns>Ends when it is stored.</returns>
    /// <exception cref="StorageException">Of the returned task: storage does not answer, so it is not stored.</exception>
    public Task BeginAsync(string folder, string checkpoint, TrainerState state, JobContext context)
    {
        var files = $"{context.ScratchFolder}.state";
        LocalFiles.TryDeleteFolder(files);
        Directory.Move(folder, files);
        var cancellation = stop.Token;
        var upload = Task.Run(() => UploadAsync(files, checkpoint, state, context, cancellation), CancellationToken.None);
        underWay = LogFailureAsync(upload, checkpoint, context.Log);
        return upload;
    }

    /// <summary>Waits for the one that is under way, be it stored or lost.</summary>
    public Task WaitAsync() => underWay;

    /// <summary>Gives up the one that is under way.</summary>
    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private static async Task UploadAsync(string files, string checkpoint, TrainerState state, JobContext context,
        CancellationToken cancellation)
    {
        try
        {
            await new CheckpointStore(context.LastingBlobs).WriteAsync(
                BlobLayout.TrainingState(checkpoint), state.Stage, state.Step, context.Attempt, parent: null, files,
                cancellation: cancellation);
        }
        finally
        {
            LocalFiles.TryDeleteFolder(files);
        }
    }

    private async Task LogFailureAsync(Task upload, string checkpoint, ILogger log)
    {
        try
        {
            await upload;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The worker leaves.
        }
        catch (StorageException e)
        {
            LogLost(log, checkpoint, e.Message);
        }
    }

    [LoggerMessage(2401, LogLevel.Warning,
        "The training state of {Checkpoint} is not stored: {Error} The next one will be; until then updates since the one before are taken again where it is missed")]
    private static partial void LogLost(ILogger log, string checkpoint, string error);
}
