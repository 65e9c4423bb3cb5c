using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

public sealed class WorkerPoolOptionsTests
{
    private static readonly WorkerPoolOptions Options = new()
    {
        Command = new WorkerCommand("worker", []), Storage = "", LogFile = (_, _) => "", Cores = 8,
    };

    [Theory]
    [InlineData(1, 0, 8)]
    [InlineData(3, 0, 2)]
    [InlineData(16, 0, 1)]
    [InlineData(3, 5, 5)]
    public void ThreadsFor_Recipe_SharesTheCoresUnlessItSays(int count, int threads, int expected) =>
        Options.ThreadsFor(new WorkersRecipe { Count = count, Threads = threads }).ShouldBe(expected);

    [Fact]
    public void DelayAfter_Failures_DoublesUpToTheLongest()
    {
        Enumerable.Range(0, 9).Select(failures => Options.DelayAfter(failures).TotalSeconds).ShouldBe([0, 0.5, 1, 2, 4, 8, 16, 30, 30]);
        Options.DelayAfter(100_000).ShouldBe(Options.LongestDelay);
    }
}
