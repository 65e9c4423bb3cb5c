using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// How a delivered job is brought to an end in storage. Whatever is finished is kept while storage is away, and its message stays hidden:
/// the heartbeat beats until there is nothing left to do but to let the message go.
/// </summary>
internal sealed class JobEnding(
    JobMessage job, JobNotify? notify, HeldMessage message, StorageConnection storage, StoragePatience patience,
        Heartbeat? heartbeat = null)
{
    private readonly PatientBlobStore blobs = new(storage.Blobs, patience);

    /// <summary>The job's attempts.</summary>
    public AttemptHistory History => new(blobs, job.RunId, job.JobId);

    /// <summary>The commit point: of several attempts the first counts, and everybody announces that one.</summary>
    /// <returns>The result that counts.</returns>
    public async Task<JobResult> CommitAsync(JobResult result)
    {
        var path = BlobLayout.JobResult(job.RunId, job.JobId);
        if (!await blobs.TryCreateJsonAsync(path, result, CancellationToken.None))
            result = await blobs.ReadJsonAsync<JobResult>(path, CancellationToken.None);
        await AnnounceAsync(result.Status);
        return result;
    }

    /// <summary>Tells whoever waits that the job has its result, and removes the message.</summary>
    public async Task AnnounceAsync(JobStatus status)
    {
        if (notify is not null)
        {
            var completion = JsonSerializer.Serialize(new JobCompletion(job.RunId, job.JobId, notify, status), R1Json.Options);
            await patience.RunAsync(
                () => storage.Queue(BlobLayout.CompletionsQueue).SendAsync(completion, cancellation: CancellationToken.None),
                CancellationToken.None);
        }
        await StopBeatingAsync();
        await patience.RunAsync(message.DeleteAsync, CancellationToken.None);
    }

    /// <summary>Puts the message back, visible after a while.</summary>
    public async Task GiveBackAsync(TimeSpan delay)
    {
        await StopBeatingAsync();
        await patience.RunAsync(() => message.GiveBackAsync(delay), CancellationToken.None);
    }

    private Task StopBeatingAsync() => heartbeat?.StopAsync() ?? Task.CompletedTask;
}
