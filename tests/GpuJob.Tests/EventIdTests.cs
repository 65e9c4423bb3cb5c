using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests;

public class EventIdTests
{
    [Fact]
    public void LoggerMessages_OfTheProcess_HaveIdsOfTheirOwn()
    {
        var messages = EventIds.Of(typeof(GpuJob.Work.Worker).Assembly, typeof(Shared.R1Json).Assembly);
        messages.Count.ShouldBeGreaterThan(10);
        EventIds.Unclear(messages).ShouldBeEmpty();
    }
}
