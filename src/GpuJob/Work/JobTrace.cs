using System.Diagnostics;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.GpuJob.Work;

/// <summary>A delivery of a job as spans and counts, for whoever listens: what no result tells.</summary>
/// <param name="spec">The job.</param>
/// <param name="worker">This worker.</param>
/// <param name="orderedAt">When it was put on the queue.</param>
/// <param name="time">The clock.</param>
internal sealed class JobTrace(JobSpec spec, string worker, DateTimeOffset? orderedAt, TimeProvider time)
{
    private readonly string kind = JobKinds.Of(spec.Payload);

    /// <summary>Writes the span that a dead worker could not; its end is when that was noticed.</summary>
    public void Notice(LostAttempt lost)
    {
        RunMeters.AttemptEnded(kind, "lost");
        RunTrace.Record($"attempt {kind}", ActivityKind.Consumer, RunTrace.Attempt(spec.RunId, spec.JobId, lost.Name), Job, lost.StartedAt,
            time.GetUtcNow(), "the worker died without a word",
            ("r1.run.id", spec.RunId), ("r1.job.id", spec.JobId), ("r1.worker", AttemptName.WorkerOf(lost.Name)), ("r1.ending", "lost"));
    }

    /// <summary>Begins an attempt's span; what happens until its end is below it.</summary>
    public Activity? Begin(string attempt, bool first)
    {
        if (first && orderedAt is { } ordered) RunMeters.JobWaited(kind, Instants.Between(ordered, time.GetUtcNow()));
        var span = RunTrace.Start($"attempt {kind}", ActivityKind.Consumer, RunTrace.Attempt(spec.RunId, spec.JobId, attempt), Job);
        span?.SetTag("r1.run.id", spec.RunId).SetTag("r1.job.id", spec.JobId).SetTag("r1.worker", worker);
        return span;
    }

    /// <summary>Ends it.</summary>
    /// <param name="span">The attempt's span.</param>
    /// <param name="ending">How it ended.</param>
    /// <param name="error">Why it failed; null when it did not.</param>
    public void End(Activity? span, string ending, string? error = null)
    {
        RunMeters.AttemptEnded(kind, ending);
        span?.SetTag("r1.ending", ending);
        if (error is not null) span?.SetStatus(ActivityStatusCode.Error, error);
        span?.Dispose();
    }

    /// <summary>
    /// Ends the span of an attempt whose result is committed. Its host writes it, by what is committed: a worker that dies now takes
    /// nothing from the trace.
    /// </summary>
    public static void LeaveToTheHost(Activity? span)
    {
        if (span is null) return;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        span.Dispose();
    }

    private ActivityContext Job => RunTrace.Job(spec.RunId, spec.JobId);
}
