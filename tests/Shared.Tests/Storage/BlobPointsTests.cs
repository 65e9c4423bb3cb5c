using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Tests.Storage;

public class BlobPointsTests
{
    private const string Run = "run-a", Stage = "distill/half", Job = "distill/half/000003/rollout/1";

    public static TheoryData<string, string> Paths => new()
    {
        { BlobLayout.RunSpec(Run), "run-spec" },
        { BlobLayout.RunIndexEntry(Run), "run-index" },
        { BlobLayout.NewestRun(DateTimeOffset.UnixEpoch, Run, "name"), "newest-run" },
        { BlobLayout.NewestRunsComplete, "newest-runs-complete" },
        { BlobLayout.ActiveRun(Run), "active-run" },
        { BlobLayout.IdempotencyKey("ab"), "idempotency-key" },
        { BlobLayout.StageEntry("ab"), "stage-entry" },
        { BlobLayout.EvaluationEntry("ab"), "evaluation-entry" },
        { BlobLayout.LastStage("recipe", Stage), "last-stage" },
        { BlobLayout.Generation(Run, 1), "generation" },
        { BlobLayout.RunEnded(Run, 0), "run-ended" },
        { BlobLayout.Decisions(Run, 0), "decisions" },
        { BlobLayout.StageRecord(Run, Stage), "stage-record" },
        { BlobLayout.WorkerLedger(Run), "worker-ledger" },
        { BlobLayout.JobSpec(Run, Job), "job-spec" },
        { BlobLayout.JobResult(Run, Job), "job-result" },
        { BlobLayout.Job(Run, Job) + "result.lost-a1.json", "job-result-aside" },
        { BlobLayout.JobMessage(Run, Job), "job-resent" },
        { BlobLayout.JobProgress(Run, Job), "job-progress" },
        { BlobLayout.Attempt(Run, Job, "a1") + BlobLayout.StartedFile, "attempt-started" },
        { BlobLayout.FailedAttempt(Run, Job, "a1"), "attempt-failed" },
        { BlobLayout.Attempt(Run, Job, "a1") + BlobLayout.PreemptedFile, "attempt-preempted" },
        { BlobLayout.Attempt(Run, Job, "a1") + BlobLayout.AbandonedFile, "attempt-abandoned" },
        { BlobLayout.Attempt(Run, Job, "a1") + BlobLayout.RefusedFile, "attempt-refused" },
        { BlobLayout.Attempt(Run, Job, "a1") + "samples.jsonl", "attempt-output" },
        { BlobLayout.Checkpoint(Run, Stage, 7) + "manifest.json", "checkpoint-manifest" },
        { BlobLayout.Checkpoint(Run, Stage, 7) + "a1/model.safetensors", "checkpoint-file" },
        { BlobLayout.Data(Run, Stage, 0) + ".a1.jsonl", "data" },
        { BlobLayout.Metrics(Run, Stage), "metrics" },
        { BlobLayout.TensorBoard(Run, Stage), "tensorboard" },
        { BlobLayout.Report(Run, "report.json"), "report" },
        { BlobLayout.Rollout(Run, Stage, 3, 1) + ".a1.safetensors", "rollout" },
        { BlobLayout.Gradient(Run, Stage, 3, 0, 1) + ".00.safetensors", "gradient" },
        { BlobLayout.Pushed("ab", "rows.jsonl"), "pushed" },
    };

    [Theory, MemberData(nameof(Paths))]
    public void Of_APathOfTheLayout_IsNamed(string path, string name)
    {
        BlobPoints.Of(path).ShouldBe(name);
        BlobPoints.All.ShouldContain(name);
    }

    [Fact]
    public void Of_AnyOtherPath_IsNoPoint() => BlobPoints.All.ShouldNotContain(BlobPoints.Of("elsewhere/x.json"));
}
