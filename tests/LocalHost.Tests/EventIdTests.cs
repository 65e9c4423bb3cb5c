using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests;

public class EventIdTests
{
    [Fact]
    public void LoggerMessages_OfTheProcess_HaveIdsOfTheirOwn()
    {
        var messages =
            EventIds.Of(typeof(LocalHost.Hosting.LocalHostApp).Assembly, typeof(R1Cloud.Pipeline.Options.PipelineOptions).Assembly,
                typeof(Shared.R1Json).Assembly);
        messages.Count.ShouldBeGreaterThan(15);
        EventIds.Unclear(messages).ShouldBeEmpty();
    }
}
