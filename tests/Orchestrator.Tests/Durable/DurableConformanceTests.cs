using R1Cloud.Conformance;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>The port's promises, kept by Durable Task through the adapter; its back end of memory is enough for most of them.</summary>
public sealed class DurableConformanceTests : OrchestrationConformance
{
    /// <summary>What Durable Task, or that back end of it, does otherwise; no orchestration of the pipeline counts on it.</summary>
    private static readonly Dictionary<string, string> Limits = new()
    {
        [nameof(CallActivity_FirstOfTwo_GoesOnWithoutTheOther)] = DurableLimits.Completion,
        [nameof(Restart_InMidRun_GoesOnWithoutRepeatingWhatIsFinished)] = "The back end of memory loses the activities in flight when its host stops.",
        [nameof(ContinueAsNew_FiftyRounds_CarriesInputAndEvents)] = "The back end of memory does not carry fifty events through fifty new beginnings.",
    };

    public DurableConformanceTests()
    {
        if (Limits.TryGetValue(TestContext.Current.TestMethod?.MethodName ?? "", out var limit)) Assert.Skip(limit);
    }

    protected override IOrchestrationHostFactory CreateFactory() => new DurableWorkerHostFactory();
}

/// <summary>The same on a Durable Task service that runs already. See docs/azure.md for how to start one.</summary>
public sealed class DurableServiceConformanceTests : OrchestrationConformance
{
    private const string Variable = "R1_TEST_DURABLE_TASK";

    public DurableServiceConformanceTests()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(Variable) is null or "", $"{Variable} names no Durable Task service.");
        Assert.SkipWhen(TestContext.Current.TestMethod?.MethodName == nameof(CallActivity_FirstOfTwo_GoesOnWithoutTheOther), DurableLimits.Completion);
    }

    protected override IOrchestrationHostFactory CreateFactory() => new DurableWorkerHostFactory(Environment.GetEnvironmentVariable(Variable));
}

/// <summary>Where Durable Task differs from the embedded engine.</summary>
internal static class DurableLimits
{
    /// <summary>The orchestrator itself does go on at the first of two answers.</summary>
    public const string Completion = "Durable Task completes an instance only when all of its calls have ended.";
}
