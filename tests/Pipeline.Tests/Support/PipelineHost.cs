using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.LocalHost.Engine;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Golden;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>
/// The whole pipeline in this process: the engine, which replays every decision from its history; storage; a worker that answers jobs.
/// </summary>
internal sealed class PipelineHost : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("r1-pipeline-").FullName;
    private readonly ServiceProvider services;
    private readonly CancellationTokenSource stop = new();
    private readonly Task pump;

    public PipelineHost(PipelineOptions? options = null, GoldenState? from = null,
        Func<IOrchestrationClient, IOrchestrationClient>? watch = null)
    {
        from?.Restore(DatabasePath, Blobs, Queues);
        Options = options ?? new() { JobCheckInterval = TimeSpan.FromSeconds(20), EventPollInterval = TimeSpan.FromMilliseconds(20) };
        Pool = new(Blobs, Queues.Open);
        var collection = new ServiceCollection()
            .AddSingleton<IBlobStore>(Blobs)
            .AddSingleton<OpenQueue>(Queues.Open)
            .AddSingleton<IWorkerPool>(Pool)
            .AddSingleton(new OrchestrationRegistry().AddPipeline(Options))
            .AddSingleton(new EngineOptions { DatabasePath = DatabasePath, ReplayEveryDecision = true })
            .AddSingleton<EmbeddedEngine>()
            .AddSingleton(provider => (watch ?? (client => client))(provider.GetRequiredService<EmbeddedEngine>()))
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton<ITraceReader, TraceFile>()
            .AddPipeline(Options)
            .AddSingleton<CompletionPump>().AddSingleton<WorkerKeeper>();
        services = collection.BuildServiceProvider();
        Engine.StartAsync(stop.Token).Wait();
        pump = PumpAsync(services.GetRequiredService<CompletionPump>(), stop.Token);
    }

    public PipelineOptions Options { get; }
    public WatchedBlobStore Blobs { get; } = new();
    public MemoryQueues Queues { get; } = new();
    public FakeWorkerPool Pool { get; }
    public IServiceProvider Services => services;
    public EmbeddedEngine Engine => services.GetRequiredService<EmbeddedEngine>();
    public string DatabasePath => Path.Combine(folder, "engine.db");
    public RunService Runs => services.GetRequiredService<RunService>();

    /// <summary>Waits until the run has a status.</summary>
    public async Task<RunView> WaitAsync(string id, Func<RunView, bool> condition)
    {
        var deadline = DateTime.UtcNow.AddMinutes(30); // a busy machine takes its time
        while (true)
        {
            var run = await Runs.GetAsync(id);
            if (condition(run)) return run;
            if (run.Error is not null) throw new InvalidOperationException($"Run '{id}' is {run.Status}: {run.Error}");
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"Run '{id}' is {run.Status}, error '{run.Error}', stages {string.Join("; ", run.Stages)}.");
            await Task.Delay(5);
        }
    }

    public Task<RunView> WaitAsync(string id, RunStatus status) => WaitAsync(id, run => run.Status == status);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await pump;
        await Pool.DisposeAsync();
        await services.DisposeAsync();
        Blobs.Dispose();
        Directory.Delete(folder, recursive: true);
        stop.Dispose();
    }

    private static async Task PumpAsync(CompletionPump pump, CancellationToken stop)
    {
        await pump.StartAsync(stop);
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await pump.StopAsync(CancellationToken.None);
    }
}
