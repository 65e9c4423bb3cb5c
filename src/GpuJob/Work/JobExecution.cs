using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Work;

/// <summary>
/// Carries out one delivery of a job: from its message to its one commit point, <c>result.json</c>, created only if there is none. The
/// message is removed last, so whatever dies on the way is tried again. Once the job has begun, storage that is away is waited for.
/// </summary>
internal sealed partial class JobExecution(
    StorageConnection storage, IMessageQueue queue, JobHandlerRegistry handlers, WorkerOptions options, TimeProvider time, ILogger log)
{
    // The first worker that refuses a job may be one of before an upgrade. Those that were started since are what the pool has to give.
    private const int MostLateRefusals = 2;

    private readonly IBlobStore blobs = storage.Blobs;
    private readonly DateTimeOffset workerStartedAt = time.GetUtcNow();

    /// <summary>Why the last job was refused; null when none was.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Carries it out.</summary>
    /// <param name="message">The message.</param>
    /// <param name="preemption">Fires when the worker must stop.</param>
    /// <exception cref="StorageException">
    /// Storage does not answer: the message comes again by itself. A delivery that ends so before the job has begun counts as nothing.
    /// </exception>
    public async Task<Delivery> RunAsync(QueueMessage message, CancellationToken preemption)
    {
        var held = new HeldMessage(queue, message, options.LeaseFile);
        if (Parse(message) is not { } job)
        {
            await held.DeleteAsync();
            return Delivery.Finished;
        }

        await held.HoldAsync();
        var reading = blobs.TryReadAsync(BlobLayout.JobSpec(job.RunId, job.JobId), CancellationToken.None);
        var finding = blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(job.RunId, job.JobId), CancellationToken.None);
        var counting = new AttemptHistory(blobs, job.RunId, job.JobId).ReadAsync();
        try
        {
            await Task.WhenAll(reading, finding, counting);
        }
        catch (NewerFormException e)
        {
            // Done by a newer worker that died before it said so: another of its kind will.
            LogRefused(log, Refusal = e.Message);
            await held.GiveBackAsync(TimeSpan.Zero);
            return Delivery.Refused;
        }
        if (await reading is not { } content)
        {
            LogNoSpec(log, job.RunId, job.JobId);
            await held.DeleteAsync();
            return Delivery.Finished;
        }
        var notify = JobSpecs.NotifyOf(content);
        var past = await counting;
        var attempt = AttemptName.Create(message.DequeueCount, options.Name);
        var result = new JobResult
        {
            JobId = job.JobId, Status = JobStatus.Succeeded, Attempt = attempt, Worker = options.Name, Numerics = TrainerNumerics.Version,
                Attempts = past.Counts,
        };
        var unread = new JobEnding(job, notify, held, storage, new StoragePatience(TimeSpan.Zero, time));
        if (await finding is { } done)
        {
            await unread.AnnounceAsync(done.Status);
            return Delivery.Finished;
        }
        try
        {
            var spec = JobSpecs.Read(job.JobId, content);
            var trace = new JobTrace(spec, options.Name, message.InsertedAt, time);
            if (past.Lost is { } lost) trace.Notice(lost);
            return await RunAsync(job, spec, result, past.Counts, held, trace, preemption);
        }
        catch (UnreadableJobException e)
        {
            return await RefuseAsync(unread, result, e);
        }
    }

    private async Task<Delivery> RunAsync(
        JobMessage job, JobSpec spec, JobResult result, AttemptCounts past, HeldMessage held, JobTrace trace, CancellationToken preemption)
    {
        var (start, startedAt) = (time.GetTimestamp(), time.GetUtcNow());
        var patience = new StoragePatience(TimeSpan.FromSeconds(spec.Retry.StorageWaitSeconds), time);
        var tail = new CompletionTail();
        await using var heartbeat = new Heartbeat(held, blobs, patience, spec, result.Attempt, tail, options, time, log);
        var ending = new JobEnding(job, spec.Notify, held, storage, patience, heartbeat);
        if (past.Lost > spec.Retry.MaxLost)
        {
            var error = new JobError(
                "WorkerLost", $"{past.Lost} workers died with this job without a word (allowed by jobs.maxLost: {spec.Retry.MaxLost}).");
            result = result with { Status = JobStatus.Failed, Error = error, Timing = new() { StartedAt = startedAt } };
            return await CommitAsync(ending, result);
        }

        await ending.History.StartedAsync(result.Attempt);
        using var span = trace.Begin(result.Attempt, first: past is { Failed: 0, Preempted: 0, Lost: 0 });
        LogStarted(log, spec.JobId, result.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(preemption, heartbeat.Lost);
        var context = new JobContext
        {
            Spec = spec,
            Attempt = result.Attempt,
            AttemptNumber = past.Failed + past.Lost + 1,
            Blobs = new PatientBlobStore(blobs, patience, stop.Token),
            LastingBlobs = new PatientBlobStore(blobs, patience),
            Hub = options.Hub,
            ScratchFolder = SafePath.Join(options.ScratchFolder, result.Attempt).FullName,
            Preemption = stop.Token,
            Log = log,
            Progress = heartbeat.Report,
            Tail = tail,
            Clock = time,
        };
        var (outcome, failure) = await AttemptAsync(context);
        result = result with { Timing = JobTimings.Of(context, startedAt, time.GetElapsedTime(start)) with { OrderedAt = held.OrderedAt } };
        if (outcome is not null)
        {
            JobTrace.LeaveToTheHost(span);
            return await CommitAsync(ending, result with { Outputs = outcome.Outputs, Metrics = outcome.Metrics });
        }
        if (heartbeat.Lost.IsCancellationRequested)
        {
            trace.End(span, "abandoned", failure!.Message);
            LogAbandoned(log, spec.JobId, failure!.Message);
            held.Forget();
            if (heartbeat.LostToStorage) await ending.History.AbandonedAsync(result.Attempt);
            return Delivery.Lost;
        }
        if (failure is OperationCanceledException && preemption.IsCancellationRequested)
        {
            LogPreempted(log, spec.JobId);
            trace.End(span, "preempted");
            // Who tells it to stop does not wait for long.
            var leaving = new JobEnding(job, spec.Notify, held, storage, new StoragePatience(options.StopWait, time), heartbeat);
            await leaving.History.PreemptedAsync(result.Attempt);
            await leaving.GiveBackAsync(TimeSpan.Zero);
            return Delivery.Preempted;
        }
        return await FailAsync(ending, result, failure!, past, spec.Retry, trace, span);
    }

    private async Task<(JobOutcome? Outcome, Exception? Failure)> AttemptAsync(JobContext context)
    {
        try
        {
            Directory.CreateDirectory(context.ScratchFolder);
            return (await handlers.RunAsync(context), null);
        }
        catch (Exception e)
        {
            return (null, e);
        }
        finally
        {
            LocalFiles.TryDeleteFolder(context.ScratchFolder);
        }
    }

    private async Task<Delivery> FailAsync(JobEnding ending, JobResult result, Exception failure, AttemptCounts past, JobsRecipe retry,
        JobTrace trace, Activity? span)
    {
        var error = Failures.Describe(failure);
        LogFailed(log, failure, result.JobId, result.Attempt);
        if (error.ExitCode == ExitCodes.BadInput || past.Failed + 1 >= retry.MaxAttempts)
        {
            JobTrace.LeaveToTheHost(span);
            await CommitAsync(ending, result with { Status = JobStatus.Failed, Error = error });
            return Failures.TaintsProcess(failure) ? Delivery.Tainted : Delivery.Finished;
        }
        await ending.History.FailedAsync(result.Attempt, error);
        trace.End(span, "failed", failure.Message);
        await ending.GiveBackAsync(TimeSpan.FromSeconds(Math.Min(3600, retry.RetryDelaySeconds * Math.Pow(2, past.Failed))));
        return Failures.TaintsProcess(failure) ? Delivery.Tainted : Delivery.Failed;
    }

    private async Task<Delivery> RefuseAsync(JobEnding ending, JobResult result, UnreadableJobException unreadable)
    {
        LogRefused(log, unreadable.Message);
        Refusal = unreadable.Message;
        var refusal = new JobRefusal(options.Name, workerStartedAt, time.GetUtcNow());
        IReadOnlyList<JobRefusal> refusals = [.. await ending.History.RefusalsAsync(), refusal];
        var first = refusals.Min(other => other.RefusedAt);
        if (unreadable.IsHopeless || refusals.Count(other => other.StartedAt > first) >= MostLateRefusals)
        {
            var refused = unreadable.IsHopeless ? "" : $" {refusals.Count} workers refused it.";
            var error = new JobError("UnreadableJob", unreadable.Message + refused, null, ExitCodes.BadInput);
            result = result with { Status = JobStatus.Failed, Error = error, Timing = new() { StartedAt = refusal.RefusedAt } };
            await CommitAsync(ending, result);
            return unreadable.IsHopeless ? Delivery.Finished : Delivery.Refused;
        }
        await ending.History.RefusedAsync(result.Attempt, refusal);
        await ending.GiveBackAsync(TimeSpan.Zero);
        return Delivery.Refused;
    }

    private async Task<Delivery> CommitAsync(JobEnding ending, JobResult result)
    {
        result = await ending.CommitAsync(result with { OtherNumerics = await ending.History.OtherNumericsAsync(result.Attempt) });
        LogDone(log, result.JobId, result.Status, result.Timing.Total);
        return Delivery.Finished;
    }

    private JobMessage? Parse(QueueMessage message)
    {
        try
        {
            if (JsonSerializer.Deserialize<JobMessage>(message.Text, R1Json.Options) is { RunId.Length: > 0, JobId.Length: > 0 } job)
                return job;
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

    [LoggerMessage(2008, LogLevel.Error, "Refused: {Reason}")]
    private static partial void LogRefused(ILogger log, string reason);
}
