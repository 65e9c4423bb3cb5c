using R1Cloud.Conformance;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>The port's promises, kept by Durable Task through the adapter; its back end of memory is enough for most of them.</summary>
public sealed class DurableConformanceTests : OrchestrationConformance
{
    /// <summary>What that back end itself cannot do; <see cref="DurableServiceConformanceTests"/> has these too.</summary>
    private static readonly Dictionary<string, string> Limits = new()
    {
        [nameof(CallActivity_FirstOfTwo_GoesOnWithoutTheOther)] = "It runs one activity at a time.",
        [nameof(Restart_InMidRun_GoesOnWithoutRepeatingWhatIsFinished)] = "It loses the activities in flight when its host stops.",
        [nameof(ContinueAsNew_FiftyRounds_CarriesInputAndEvents)] = "It loses events that come while an instance begins anew.",
    };

    public DurableConformanceTests()
    {
        if (Limits.TryGetValue(TestContext.Current.TestMethod?.MethodName ?? "", out var limit)) Assert.Skip($"The back end of memory: {limit}");
    }

    protected override IOrchestrationHostFactory CreateFactory() => new DurableWorkerHostFactory();
}

/// <summary>The same on a Durable Task service that runs already. See docs/azure.md for how to start one.</summary>
public sealed class DurableServiceConformanceTests : OrchestrationConformance
{
    private const string Variable = "R1_TEST_DURABLE_TASK";

    public DurableServiceConformanceTests() =>
        Assert.SkipWhen(Environment.GetEnvironmentVariable(Variable) is null or "", $"{Variable} names no Durable Task service.");

    protected override IOrchestrationHostFactory CreateFactory() => new DurableWorkerHostFactory(Environment.GetEnvironmentVariable(Variable));
}
