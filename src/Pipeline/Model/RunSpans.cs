using System.Diagnostics;
using R1Cloud.Shared;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Pipeline.Model;

/// <summary>The spans that hosts write of runs and stages, and what they count; each is written when it is over.</summary>
internal static class RunSpans
{
    /// <summary>A run was created. All its spans are below this one; the request's own trace is linked.</summary>
    public static void Created(RunSpec run, DateTimeOffset start, DateTimeOffset end)
    {
        RunMeters.Run("created");
        var request = Activity.Current;
        using (var span = RunTrace.Start($"run {run.Name}", ActivityKind.Producer, RunTrace.Run(run.Id), null, start))
        {
            span?.SetTag("r1.run.id", run.Id).SetEndTime(end.UtcDateTime);
            if (request is not null) span?.AddLink(new ActivityLink(request.Context));
        }
        Activity.Current = request;
    }

    /// <summary>A run, or a retry of it, came to its end.</summary>
    public static void Ended(string runId, int generation, DateTimeOffset start, DateTimeOffset end, bool completed)
    {
        RunMeters.Run(completed ? "completed" : "stopped");
        RunTrace.Record("orchestration", ActivityKind.Internal, RunTrace.Generation(runId, generation), RunTrace.Run(runId), start, end,
            completed ? null : "the run did not complete", ("r1.run.id", runId), ("r1.generation", generation));
    }

    /// <summary>A stage has its result.</summary>
    public static void StageEnded(string runId, StageResult result)
    {
        if (result.ReusedFrom is null) RunMeters.StageEnded(Instants.Between(result.StartedAt, result.EndedAt));
        RunTrace.Record($"stage {result.Label}", ActivityKind.Internal, RunTrace.Stage(runId, result.Label), RunTrace.Run(runId),
            result.StartedAt, result.EndedAt, null,
            ("r1.run.id", runId), ("r1.stage", result.Label), ("r1.reused_from", result.ReusedFrom?.RunId));
    }
}
