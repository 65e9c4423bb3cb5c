using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Tests.Jobs;

public class JobCallsTests
{
    [Fact]
    public void Storage_ThatIsAway_IsWaitedForHalfAnHourByDefault() =>
        WaitedSeconds(JobCalls.Storage().Retry!, new StorageAwayException("away")).ShouldBeInRange(1740, 1800);

    [Theory]
    [InlineData(0, 60, 127)] // never less than eight tries, as for other errors
    [InlineData(3600, 3540, 3600)]
    public void Storage_ThatIsAway_IsWaitedForAsTheRecipeSays(int limit, int least, int most) =>
        WaitedSeconds(JobCalls.Storage(new() { StorageWaitSeconds = limit }).Retry!, new StorageAwayException("away"))
            .ShouldBeInRange(least, most);

    [Fact]
    public void Storage_AnotherError_IsTriedEightTimes()
    {
        var policy = JobCalls.Storage().Retry!;
        var failure = FailureDetails.From(new InvalidOperationException("no"));
        Enumerable.Range(1, 100).TakeWhile(attempt => policy.Allows(attempt, failure)).Count().ShouldBe(7);
        policy.Allows(1, FailureDetails.From(new JobFailedException("no"))).ShouldBeFalse();
    }

    private static double WaitedSeconds(RetryPolicy policy, Exception error)
    {
        var failure = FailureDetails.From(new AggregateException(error));
        return Enumerable.Range(1, 10_000).TakeWhile(attempt => policy.Allows(attempt, failure))
            .Sum(attempt => policy.IntervalAfter(attempt).TotalSeconds);
    }
}
