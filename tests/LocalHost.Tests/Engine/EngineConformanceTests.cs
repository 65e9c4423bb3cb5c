using R1Cloud.Conformance;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>The embedded engine as it normally runs: executions stay in memory.</summary>
public sealed class ExtendedSessionConformanceTests : OrchestrationConformance
{
    protected override IOrchestrationHostFactory CreateFactory() => new EngineHostFactory();
}

/// <summary>The embedded engine with nothing kept in memory: every decision is a full replay.</summary>
public sealed class ReplayConformanceTests : OrchestrationConformance
{
    protected override IOrchestrationHostFactory CreateFactory() =>
        new EngineHostFactory(options => options with { ReplayEveryDecision = true });
}
