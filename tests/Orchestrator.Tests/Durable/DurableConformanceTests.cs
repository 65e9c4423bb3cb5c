using R1Cloud.Conformance;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Durable;

/// <summary>The port's promises, kept by Durable Task through the adapter; its back end of memory is enough for most of them.</summary>
public sealed class DurableConformanceTests : OrchestrationConformance
{
    public DurableConformanceTests() => Assert.SkipWhen(
        TestContext.Current.TestMethod?.MethodName == nameof(Restart_InMidRun_GoesOnWithoutRepeatingWhatIsFinished),
            "The back end of memory loses the activities in flight when its host stops.");

    protected override IOrchestrationHostFactory CreateFactory() => new DurableWorkerHostFactory();
}

/// <summary>The same on the back end of production, Durable Task's Azure Storage provider, over Azurite.</summary>
/// <remarks>
/// A host over storage takes about a second to start and stop: what the back end of memory cannot show is run always, the rest on demand.
/// </remarks>
public sealed class DurableStorageConformanceTests : OrchestrationConformance, IClassFixture<AzuriteTablesFixture>
{
    private const string Variable = "R1_TEST_AZURE_STORAGE";

    private static readonly string[] Always =
        ["Restart", "CallSubOrchestrator", "Terminate", "Suspend", "CreateTimer", "CustomStatus_OfTheLargestSize",
            "CustomStatus_LargerThanPromised", "CallActivity_ThatIsTriedAgain"];

    private readonly AzuriteTablesFixture azurite;

    public DurableStorageConformanceTests(AzuriteTablesFixture azurite)
    {
        this.azurite = azurite;
        var test = TestContext.Current.TestMethod?.MethodName ?? "";
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 }
            || Always.Any(start => test.StartsWith(start, StringComparison.Ordinal)), $"{Variable} is not set.");
    }

    /// <summary>A message is hidden for whole seconds; the rest is cut off.</summary>
    protected override TimeSpan TimerPrecision => TimeSpan.FromSeconds(1);

    protected override bool FailuresKeepTypes => false;

    protected override IOrchestrationHostFactory CreateFactory() =>
        new DurableWorkerHostFactory(backEnd: new AzureStorageBackEnd(azurite.ConnectionString));
}

/// <summary>The same on a Durable Task service that runs already. See docs/azure.md for how to start one.</summary>
public sealed class DurableServiceConformanceTests : OrchestrationConformance
{
    private const string Variable = "R1_TEST_DURABLE_TASK";

    public DurableServiceConformanceTests() =>
        Assert.SkipWhen(Environment.GetEnvironmentVariable(Variable) is null or "", $"{Variable} names no Durable Task service.");

    protected override IOrchestrationHostFactory CreateFactory() =>
        new DurableWorkerHostFactory(Environment.GetEnvironmentVariable(Variable));
}
