using System.Diagnostics;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>A job's span and that of the attempt that counts, as its result tells them.</summary>
internal static class JobSpans
{
    public static void Ended(string runId, JobResult result)
    {
        var kind = result.JobId.Split('/') is [.., var name, _] ? name : result.JobId;
        var (timing, failure) = (result.Timing, result.Error?.Message);
        var end = Instants.After(timing.StartedAt, TimeSpan.FromSeconds(timing.Total));
        var start = timing.OrderedAt is { } ordered && ordered < timing.StartedAt ? ordered : timing.StartedAt;
        var status = result.Status == JobStatus.Succeeded ? "succeeded" : "failed";
        RunMeters.JobEnded(kind, status, Instants.Between(start, end));
        RunMeters.AttemptEnded(kind, status);
        // An update counts tokens, too, but writes none.
        long? written = timing.Generation > 0 && result.Metrics.TryGetValue(MetricNames.Tokens, out var tokens) ? (long)tokens : null;
        if (written is { } count) RunMeters.Generated(kind, count, timing.Generation);
        var job = RunTrace.Job(runId, result.JobId);
        RunTrace.Record($"job {kind}", ActivityKind.Internal, job, RunTrace.StageOf(runId, result.JobId), start, end, failure,
            ("r1.run.id", runId), ("r1.job.id", result.JobId));
        RunTrace.Record($"attempt {kind}", ActivityKind.Consumer, RunTrace.Attempt(runId, result.JobId, result.Attempt), job,
            timing.StartedAt, end, failure,
            ("r1.run.id", runId), ("r1.job.id", result.JobId), ("r1.worker", result.Worker), ("r1.ending", status),
            ("gen_ai.operation.name", written is null ? null : RunMeters.GenerationName), ("gen_ai.usage.output_tokens", written));
    }
}
