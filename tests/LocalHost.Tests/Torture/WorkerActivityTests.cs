using R1Cloud.LocalHost.Torture;

namespace R1Cloud.LocalHost.Tests.Torture;

/// <summary>Which attempts run, by the workers' logs.</summary>
public sealed class WorkerActivityTests : IDisposable
{
    private const string New = "09:00:00.000 info: R1Cloud.GpuJob.Work.Worker[2201] worker-0 takes the jobs of run r from http://x/",
        Begun = "09:00:01.000 info: R1Cloud.GpuJob.Work.Worker[2001] base/000000/pretrain/0: attempt 1-worker-0-0123abcd",
        Done = "09:00:02.000 info: R1Cloud.GpuJob.Work.Worker[2002] base/000000/pretrain/0: Succeeded after 1.00 s",
        Failed = "09:00:02.000 warn: R1Cloud.GpuJob.Work.Worker[2003] base/000000/pretrain/0: attempt 1-worker-0-0123abcd failed";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_AttemptsOfTwoWorkers_TellsWhichRun()
    {
        folder.Write("r/worker-0.log", string.Join('\n', New, Begun, Done, Begun, "at something"));
        folder.Write("r/worker-1.log", string.Join('\n', New, Begun, Failed));
        var activity = WorkerActivity.Read(folder.Root);
        activity.Running.ShouldHaveSingleItem().ShouldBe(
            KeyValuePair.Create("worker-0", new RunningAttempt("base/000000/pretrain/0", "1-worker-0-0123abcd")));
        (activity.Begun, activity.Ended).ShouldBe((3, 2));
    }

    [Fact]
    public void Read_AttemptOfAProcessBefore_RunsNoMore()
    {
        folder.Write("r/worker-0.log", string.Join('\n', New, Begun, New));
        var activity = WorkerActivity.Read(folder.Root);
        activity.Running.ShouldBeEmpty();
        (activity.Begun, activity.Ended).ShouldBe((1, 0));
    }

    [Theory]
    [InlineData("rl/000001/rollout/3", "rollout")]
    [InlineData("rl/000001/gradient-12/0", "gradient")]
    [InlineData("rl/000001/final-evaluate/0", "final-evaluate")]
    [InlineData("rm/000000/reward-model/0", "reward-model")]
    public void Kind_OfAJob_IsWhatItDoes(string job, string kind) => new RunningAttempt(job, "").Kind.ShouldBe(kind);
}
