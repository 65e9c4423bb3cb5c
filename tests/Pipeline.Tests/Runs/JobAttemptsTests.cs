using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Tests.Runs;

public class JobAttemptsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_AttemptsOfAnUnfinishedJob_TellsHowEachEnded()
    {
        var job = Job(("1-worker-0-00000000/started.json", 0), ("1-worker-0-00000000/failed.json", 5),
            ("2-worker-1-00000000/started.json", 6), ("2-worker-1-00000000/preempted.json", 8),
            ("3-worker-0-00000000/started.json", 9), ("4-a-b-00000000/refused.json", 10),
            ("5-worker-2-00000000/started.json", 20), ("5-worker-2-00000000/steps.jsonl", 30));

        var attempts = JobAttempts.Of(job, null, null, At(40));

        attempts.Select(attempt => (attempt.Worker, attempt.Outcome)).ShouldBe(
        [
            ("worker-0", AttemptOutcome.Failed), ("worker-1", AttemptOutcome.Preempted), ("worker-0", AttemptOutcome.Lost),
            ("a-b", AttemptOutcome.Refused), ("worker-2", AttemptOutcome.Running),
        ]);
        (attempts[0].StartedAt, attempts[0].EndedAt).ShouldBe((At(0), At(5)));
        attempts[2].EndedAt.ShouldBeNull();
    }

    [Theory]
    [InlineData(30, AttemptOutcome.Running)]
    [InlineData(3000, AttemptOutcome.Lost)]
    public void Of_AnEarlierAttemptThatSpeaks_RunsWhileItsWordIsFresh(int now, AttemptOutcome outcome)
    {
        var job = Job(("a/started.json", 0), ("b/started.json", 9));
        var progress = new JobProgress("base/000000/pretrain/0", "a", "worker-7", 1, 2, new Dictionary<string, double>(), At(20));

        var attempts = JobAttempts.Of(job, null, progress, At(now));

        attempts.Select(attempt => attempt.Outcome).ShouldBe([outcome, AttemptOutcome.Running]);
        attempts[0].Worker.ShouldBe("worker-7");
    }

    [Fact]
    public void Of_AJobWithAResult_HasOneWinnerAndLostOthers()
    {
        var job = Job(("a/started.json", 0), ("b/started.json", 9));
        job.Times["result.json"] = At(50);
        var result = new JobResult { JobId = "j", Status = JobStatus.Succeeded, Attempt = "a", Worker = "worker-3",
            Timing = new() { StartedAt = At(1), Total = 40 } };

        var attempts = JobAttempts.Of(job, result, null, At(60));

        attempts.Select(attempt => (attempt.Attempt, attempt.Outcome)).ShouldBe([("b", AttemptOutcome.Lost), ("a", AttemptOutcome.Won)]);
        attempts[1].ShouldBe(new JobAttempt("a", AttemptOutcome.Won, "worker-3", At(1), At(41)));
    }

    [Fact]
    public void Of_VeryManyAttempts_KeepsTheNewest()
    {
        var job = Job([.. Enumerable.Range(0, 100).Select(i => ($"a{i:D3}/started.json", i))]);
        var attempts = JobAttempts.Of(job, null, null, At(200));
        attempts.Count.ShouldBe(RunJobsReader.MaxAttempts);
        attempts[^1].Attempt.ShouldBe("a099");
    }

    private static DateTimeOffset At(int second) => Shared.Instants.After(Start, TimeSpan.FromSeconds(second));

    private static JobBlobs Job(params (string File, int Second)[] files)
    {
        var job = new JobBlobs("base", 0, "pretrain", 0);
        foreach (var (file, second) in files) job.Times["attempts/" + file] = At(second);
        return job;
    }
}
