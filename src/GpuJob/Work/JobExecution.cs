using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>What a delivery of a job came to.</summary>
internal enum Delivery
{
    /// <summary>The job is done, well or badly, or was done before.</summary>
    Finished,
    /// <summary>The attempt failed; the message comes again later.</summary>
    Failed,
    /// <summary>The attempt failed and may have damaged the process; the message comes again later.</summary>
    Tainted,
    /// <summary>The attempt gave way to a stop signal; the message is there again.</summary>
    Preempted,
    /// <summary>Another worker has the job.</summary>
    Lost,
}

/// <summary>
/// Carries out one delivery of a job: from its message to its one commit point, <c>result.json</c>, created only if there is none. The
/// message is removed last, so whatever dies on the way is tried again.
/// </summary>
internal sealed partial class JobExecution(
    StorageConnection storage, IMessageQueue queue, JobHandlers handlers, WorkerOptions options, TimeProvider time, ILogger log)
{
    private readonly IBlobStore blobs = storage.Blobs;

    /// <summary>Carries it out.</summary>
    /// <param name="message">The message.</param>
    /// <param name="preemption">Fires when the worker must stop.</param>
    /// <exception cref="StorageException">Storage does not answer; the message comes again by itself.</exception>
    public async Task<Delivery> RunAsync(QueueMessage message, CancellationToken preemption)
    {
        if (Parse(message) is not { } job)
        {
            await queue.DeleteAsync(message, CancellationToken.None);
            return Delivery.Finished;
        }

        var startedAt = time.GetUtcNow();
        var reading = blobs.TryReadJsonAsync<JobSpec>(BlobLayout.JobSpec(job.RunId, job.JobId), CancellationToken.None);
        var done = await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(job.RunId, job.JobId), CancellationToken.None);
        if (await reading is not { } spec)
        {
            LogNoSpec(log, job.RunId, job.JobId);
            await queue.DeleteAsync(message, CancellationToken.None);
            return Delivery.Finished;
        }
        if (done is not null) return await AnnounceAsync(spec, done, message);

        var history = new AttemptHistory(blobs, spec.RunId, spec.JobId);
        var before = await history.CountAsync(message.DequeueCount, CancellationToken.None);
        var attempt = $"{message.DequeueCount}-{options.Name}-{Guid.NewGuid().ToString("n")[..8]}";
        if (before.Lost > spec.Retry.MaxLost)
        {
            var error = new JobError("WorkerLost", $"{before.Lost} workers died with this job without a word (allowed by jobs.maxLost: {spec.Retry.MaxLost}).");
            return await CommitAsync(Result(spec, attempt, before, startedAt) with { Status = JobStatus.Failed, Error = error }, spec, message);
        }

        LogStarted(log, spec.JobId, attempt);
        await using var heartbeat = new Heartbeat(queue, message, blobs, spec, options, time, log);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(preemption, heartbeat.Lost);
        var scratch = Path.Combine(options.ScratchFolder, attempt);
        var context = new JobContext
        {
            Spec = spec,
            Attempt = attempt,
            AttemptNumber = before.Failed + before.Lost + 1,
            Blobs = blobs,
            ScratchFolder = scratch,
            Preemption = stop.Token,
            Log = log,
            Progress = (step, steps, metrics) => heartbeat.Report(new(spec.JobId, attempt, options.Name, step, steps, metrics, time.GetUtcNow())),
        };
        var result = Result(spec, attempt, before, startedAt);
        try
        {
            Directory.CreateDirectory(scratch);
            var outcome = await handlers.RunAsync(context);
            message = await heartbeat.StopAsync();
            return await CommitAsync(result with { Outputs = outcome.Outputs, Metrics = outcome.Metrics, Timing = JobTimings.Of(context, startedAt, time) }, spec, message);
        }
        catch (Exception e) when (heartbeat.Lost.IsCancellationRequested)
        {
            LogAbandoned(log, spec.JobId, e.Message);
            return Delivery.Lost;
        }
        catch (OperationCanceledException) when (preemption.IsCancellationRequested)
        {
            message = await heartbeat.StopAsync();
            LogPreempted(log, spec.JobId);
            await history.PreemptedAsync(attempt);
            await queue.RenewAsync(message, TimeSpan.Zero, CancellationToken.None);
            return Delivery.Preempted;
        }
        catch (Exception e)
        {
            message = await heartbeat.StopAsync();
            var error = Failures.Describe(e);
            LogFailed(log, e, spec.JobId, attempt);
            if (error.ExitCode == ExitCodes.BadInput || before.Failed + 1 >= spec.Retry.MaxAttempts)
            {
                await CommitAsync(result with { Status = JobStatus.Failed, Error = error, Timing = JobTimings.Of(context, startedAt, time) }, spec, message);
                return Failures.TaintsProcess(e) ? Delivery.Tainted : Delivery.Finished;
            }
            await history.FailedAsync(attempt, error);
            var delay = TimeSpan.FromSeconds(Math.Min(3600, spec.Retry.RetryDelaySeconds * Math.Pow(2, before.Failed)));
            await queue.RenewAsync(message, delay, CancellationToken.None);
            return Failures.TaintsProcess(e) ? Delivery.Tainted : Delivery.Failed;
        }
        finally
        {
            LocalFiles.TryDeleteFolder(scratch);
        }
    }

    private JobResult Result(JobSpec spec, string attempt, AttemptCounts before, DateTimeOffset startedAt) => new()
    {
        JobId = spec.JobId, Status = JobStatus.Succeeded, Attempt = attempt, Numerics = TrainerNumerics.Version, Worker = options.Name, Attempts = before,
        Timing = new JobTiming { StartedAt = startedAt },
    };

    /// <summary>The commit point: of several attempts the first counts, and everybody announces that one.</summary>
    private async Task<Delivery> CommitAsync(JobResult result, JobSpec spec, QueueMessage message)
    {
        var path = BlobLayout.JobResult(spec.RunId, spec.JobId);
        if (!await blobs.TryCreateJsonAsync(path, result)) result = await blobs.ReadJsonAsync<JobResult>(path);
        LogDone(log, spec.JobId, result.Status, result.Timing.Total);
        return await AnnounceAsync(spec, result, message);
    }

    private async Task<Delivery> AnnounceAsync(JobSpec spec, JobResult result, QueueMessage message)
    {
        if (spec.Notify is { } notify)
        {
            var completion = new JobCompletion(spec.RunId, spec.JobId, notify, result.Status);
            await storage.Queue(BlobLayout.CompletionsQueue).SendAsync(JsonSerializer.Serialize(completion, R1Json.Options));
        }
        await queue.DeleteAsync(message, CancellationToken.None);
        return Delivery.Finished;
    }

    private JobMessage? Parse(QueueMessage message)
    {
        try
        {
            if (JsonSerializer.Deserialize<JobMessage>(message.Text, R1Json.Options) is { RunId.Length: > 0, JobId.Length: > 0 } job) return job;
        }
        catch (JsonException)
        {
            // Told below.
        }
        LogMalformed(log, message.Text);
        return null;
    }

    [LoggerMessage(2001, LogLevel.Information, "{Job}: attempt {Attempt}")]
    private static partial void LogStarted(ILogger log, string job, string attempt);

    [LoggerMessage(2002, LogLevel.Information, "{Job}: {Status} after {Seconds:0.00} s")]
    private static partial void LogDone(ILogger log, string job, JobStatus status, double seconds);

    [LoggerMessage(2003, LogLevel.Warning, "{Job}: attempt {Attempt} failed")]
    private static partial void LogFailed(ILogger log, Exception error, string job, string attempt);

    [LoggerMessage(2004, LogLevel.Information, "{Job}: saved and put back for another worker")]
    private static partial void LogPreempted(ILogger log, string job);

    [LoggerMessage(2005, LogLevel.Warning, "{Job}: given up, another worker has it ({Reason})")]
    private static partial void LogAbandoned(ILogger log, string job, string reason);

    [LoggerMessage(2006, LogLevel.Error, "Dropped a message for job '{Job}' of run '{Run}': it has no spec")]
    private static partial void LogNoSpec(ILogger log, string run, string job);

    [LoggerMessage(2007, LogLevel.Error, "Dropped a message that names no job: {Text}")]
    private static partial void LogMalformed(ILogger log, string text);
}
