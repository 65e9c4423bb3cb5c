using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests;

public class EventIdTests
{
    [Fact]
    public void LoggerMessages_OfTheProcess_HaveIdsOfTheirOwn()
    {
        var messages =
            EventIds.Of(typeof(Orchestrator.BatchWorkers.BatchWorkerPool).Assembly,
                typeof(R1Cloud.Pipeline.Options.PipelineOptions).Assembly, typeof(Shared.R1Json).Assembly);
        messages.Count.ShouldBeGreaterThan(8);
        EventIds.Unclear(messages).ShouldBeEmpty();
    }
}
