using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.LocalHost.Engine;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Bench;

/// <summary>
/// What a host does all the time when there have been ten thousand runs: a page of the listing, and the look after the workers. Each is to
/// stay below 100 ms.
/// </summary>
internal static class ManyRunsCase
{
    private const int Runs = 10_000, Rounds = 20;

    public static async Task<object> RunAsync(BenchStorage storage)
    {
        var options = new PipelineOptions();
        var database = Path.Combine(storage.Folder, "engine.db");
        await using var services = Services(storage, options, database).BuildServiceProvider();
        var engine = services.GetRequiredService<EmbeddedEngine>();
        await engine.StartAsync(CancellationToken.None);
        await FillAsync(storage.Connection.Blobs, database);
        var (runs, keeper) = (services.GetRequiredService<RunService>(), services.GetRequiredService<WorkerKeeper>());
        await runs.ListAsync(); // The first of a store's life enters the runs of version 1.

        var (list, running, keep) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            list.Add(await TimeAsync(() => runs.ListAsync()));
            running.Add(await TimeAsync(() => runs.ListAsync(new([RunStatus.Running]))));
            keep.Add(await TimeAsync(() => keeper.KeepAsync(CancellationToken.None)));
        }
        return new { runs = Runs, listMs = Median(list), listRunningMs = Median(running), keepMs = Median(keep) };
    }

    private static async Task FillAsync(IBlobStore blobs, string database)
    {
        await using (
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString()))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $$"""
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {{Runs}})
                INSERT INTO instances (id, name, status, execution, created, updated, input, output, custom_status)
                SELECT printf('old-%05d', n), 'run', 'Completed', 1, n, n, '{}', '{}', '{}' FROM numbers
                """;
            await command.ExecuteNonQueryAsync();
        }
        await Parallel.ForEachAsync(Enumerable.Range(1, Runs), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, stop) =>
            await blobs.WriteAsync(BlobLayout.NewestRun(new(number, TimeSpan.Zero), $"old-{number:D5}", "old"), new BinaryData("{}"),
                stop));
    }

    private static ServiceCollection Services(BenchStorage storage, PipelineOptions options, string database)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        services.AddSingleton(storage.Connection.Blobs);
        services.AddSingleton<OpenQueue>(storage.Connection.Queue);
        services.AddSingleton<IWorkerPool, NoWorkers>();
        services.AddSingleton(new OrchestrationRegistry().AddPipeline(options));
        services.AddSingleton(new EngineOptions { DatabasePath = database }).AddSingleton<EmbeddedEngine>();
        services.AddSingleton<IOrchestrationClient>(provider => provider.GetRequiredService<EmbeddedEngine>());
        services.AddPipeline(options).AddSingleton<WorkerKeeper>();
        return services;
    }

    private static async Task<double> TimeAsync(Func<Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 1);

    private sealed class NoWorkers : IWorkerPool
    {
        public Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default) => Task.CompletedTask;

        public Task ReleaseAsync(string runId, CancellationToken cancellation = default) => Task.CompletedTask;

        public int? ThreadsFor(WorkersRecipe workers) => null;

        public Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default) =>
            Task.FromResult(WorkerPoolView.None);
    }
}
