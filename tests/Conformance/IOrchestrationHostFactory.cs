using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Conformance;

/// <summary>Starts hosts over one store of orchestration state; a new factory, a new store.</summary>
public interface IOrchestrationHostFactory : IAsyncDisposable
{
    /// <summary>Starts a host that runs this code and goes on with whatever the store holds. One host at a time.</summary>
    Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry);
}

/// <summary>A running host; disposing it stops it and keeps the store.</summary>
public interface IOrchestrationHost : IAsyncDisposable
{
    IOrchestrationClient Client { get; }
}
