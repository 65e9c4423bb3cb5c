using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Conformance;
using R1Cloud.LocalHost.Engine;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>Embedded engines, one after the other, over one database in a temporary folder.</summary>
internal sealed class EngineHostFactory(Func<EngineOptions, EngineOptions>? configure = null, ILoggerFactory? loggers = null)
    : IOrchestrationHostFactory
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-engine-");

    public string DatabasePath => Path.Combine(folder.FullName, "engine.db");

    public async Task<IOrchestrationHost> StartAsync(OrchestrationRegistry registry) => new Host(await StartEngineAsync(registry));

    public async Task<EmbeddedEngine> StartEngineAsync(OrchestrationRegistry registry)
    {
        var options = new EngineOptions { DatabasePath = DatabasePath, StopTimeout = TimeSpan.FromSeconds(2) };
        var engine = new EmbeddedEngine(configure?.Invoke(options) ?? options, registry, new ServiceCollection().BuildServiceProvider(),
            loggers ?? NullLoggerFactory.Instance);
        await engine.StartAsync(CancellationToken.None);
        return engine;
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private sealed class Host(EmbeddedEngine engine) : IOrchestrationHost
    {
        public IOrchestrationClient Client => engine;

        public ValueTask DisposeAsync() => engine.DisposeAsync();
    }
}
