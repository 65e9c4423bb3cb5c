using System.Diagnostics;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Shared.Tests.Tracing;

/// <summary>Telemetry that nobody asked for.</summary>
public sealed class RunTraceTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Everything_NobodyListens_MakesNothing()
    {
        Tell(); // the first time sets things up
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var times = 0; times < 100; times++) Tell();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Ids_NobodyListens_AreNone()
    {
        RunTrace.Job("run", "rl/000001/update/0").ShouldBe(default);
        RunTrace.StageOf("run", "rl/000001/update/0").ShouldBe(default);
        RunTrace.Start("work", ActivityKind.Internal, default, null).ShouldBeNull();
    }

    private static void Tell()
    {
        var (run, job) = ("run", "rl/000001/update/0");
        RunTrace.Record("job", ActivityKind.Internal, RunTrace.Job(run, job), RunTrace.StageOf(run, job), Start, Start, null,
            ("r1.run.id", run), ("r1.job.id", job));
        RunTrace.Start("attempt", ActivityKind.Consumer, RunTrace.Attempt(run, job, "0-a"), RunTrace.Job(run, job))?.Dispose();
        RunMeters.JobEnded("update", "succeeded", TimeSpan.FromSeconds(1));
        RunMeters.AttemptEnded("update", "succeeded");
        RunMeters.JobWaited("update", TimeSpan.FromSeconds(1));
        RunMeters.Spent("update", 1);
        RunMeters.Generated("rollout", 100, 1);
        RunMeters.Value(run, "rl", "reward/mean", 0.5);
    }
}
