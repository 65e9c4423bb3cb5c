using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Models;
using R1Cloud.Inference;
using R1Cloud.Inference.Serving;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation.Engines;

/// <summary>The inference engines that a worker samples by, each opened when a job first asks for it.</summary>
/// <param name="settings">The worker's configuration.</param>
/// <param name="scratch">Where weights are put down where the configuration names no folder.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed class EngineLinks(EngineSettings settings, string scratch, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private readonly Dictionary<SamplingEngine, EnginePool> pools = [];

    /// <summary>A generator for a model; one at a time for each engine. The model must outlive it.</summary>
    public IGenerator Generator(SamplingEngine engine, CausalLm model)
    {
        if (!pools.TryGetValue(engine, out var pool))
            pools[engine] = pool = settings.Open(engine.ToString().ToLowerInvariant(), time, log);
        var folder = Path.Combine(settings.WeightsFolder ?? scratch, "r1-weights-" + Guid.NewGuid().ToString("N"));
        return new EngineGenerator(model, pool, Directory.CreateDirectory(folder).FullName);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var pool in pools.Values) await pool.DisposeAsync();
    }
}
