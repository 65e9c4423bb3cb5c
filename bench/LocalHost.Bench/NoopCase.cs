using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.LocalHost.Engine;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Bench;

/// <summary>
/// The road without the load: jobs that do nothing, through orchestration, queue, two worker processes and back. The baseline is the
/// storage alone: as many queue messages sent, taken and removed one after the other.
/// </summary>
internal static class NoopCase
{
    private const int Workers = 2;
    private const string Run = "bench";

    public static async Task<object> RunAsync(BenchStorage storage, int jobs)
    {
        var baseline = await BaselineAsync(storage.Connection, jobs);
        var options = new PipelineOptions();
        await using var services = Services(storage, options).BuildServiceProvider();
        var registry = new OrchestrationRegistry().AddPipeline(options)
            .AddOrchestrator<int, int>("noop-jobs",
                (context, count) => FanOutAsync(context, new JobCalls(options.JobCheckInterval), count));
        await using var engine = new EmbeddedEngine(new() { DatabasePath = Path.Combine(storage.Folder, "engine.db") }, registry, services,
            services.GetRequiredService<ILoggerFactory>());
        await engine.StartAsync(CancellationToken.None);
        var pump = new CompletionPump(
            services.GetRequiredService<JobQueues>(), new JobCompletions(engine, services.GetRequiredService<ILogger<JobCompletions>>()),
                options, TimeProvider.System,
            services.GetRequiredService<ILogger<CompletionPump>>());
        await pump.StartAsync(CancellationToken.None);

        await using var pool = services.GetRequiredService<ProcessWorkerPool>();
        await storage.Connection.Queue(BlobLayout.JobQueue(Run)).EnsureCreatedAsync();
        await pool.EnsureAsync(Run, new WorkersRecipe { Count = Workers });
        await RunJobsAsync(engine, Workers, "warm-up"); // The workers' start is not the road.
        var seconds = await RunJobsAsync(engine, jobs, "measured");
        await pump.StopAsync(CancellationToken.None);
        return new { jobs, workers = Workers, seconds = Math.Round(seconds, 2), jobsPerSecond = Math.Round(jobs / seconds, 1),
            queueAloneSeconds = Math.Round(baseline, 2), ratio = Math.Round(seconds / baseline, 2) };
    }

    private static async Task<double> RunJobsAsync(EmbeddedEngine engine, int count, string id)
    {
        var start = Stopwatch.GetTimestamp();
        await engine.ScheduleNewAsync("noop-jobs", count, id);
        var state = await engine.WaitForCompletionAsync(id, CancellationToken.None);
        if (state.Status != OrchestrationStatus.Completed)
            throw new InvalidOperationException($"{state.Status}: {state.Failure?.ErrorMessage}");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<int> FanOutAsync(IOrchestrationContext context, JobCalls jobs, int count)
    {
        var results = await Task.WhenAll(Enumerable.Range(0, count).Select(shard => jobs.RunAsync(context, new JobSpec
        {
            RunId = Run, JobId = JobId.Create(context.InstanceId, 0, JobKinds.Noop, shard), Payload = new NoopJob(),
        })));
        return results.Count(result => result.Status == JobStatus.Succeeded);
    }

    private static ServiceCollection Services(BenchStorage storage, PipelineOptions options)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging =>
            logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(storage.Connection.Blobs);
        services.AddSingleton<OpenQueue>(storage.Connection.Queue);
        services.AddSingleton(new WorkerPoolOptions
        {
            Command = WorkerCommand.Find(null, AppContext.BaseDirectory), Storage = storage.ConnectionString,
            LogFile = (_, worker) => Path.Combine(storage.Folder, worker + ".log"),
        });
        services.AddSingleton<ProcessWorkerPool>().AddSingleton<IWorkerPool>(provider => provider.GetRequiredService<ProcessWorkerPool>());
        services.AddPipeline(options);
        return services;
    }

    private static async Task<double> BaselineAsync(StorageConnection storage, int jobs)
    {
        var queue = storage.Queue("bench-baseline");
        await queue.EnsureCreatedAsync();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < jobs; i++)
        {
            await queue.SendAsync("nothing");
            foreach (var message in await queue.ReceiveAsync(1, TimeSpan.FromSeconds(30))) await queue.DeleteAsync(message);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
