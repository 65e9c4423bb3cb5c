using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Stages;

namespace R1Cloud.Pipeline.Workers;

/// <summary>
/// Keeps workers in step with runs: a run that is active has its workers (after a restart of the host, for one), a finished or held one has none.
/// </summary>
/// <remarks>A background service; a host with timer triggers calls <see cref="KeepAsync"/> instead.</remarks>
/// <param name="runs">Where runs are kept.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="pool">The workers.</param>
/// <param name="options">How often to look.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">The log.</param>
public sealed partial class WorkerKeeper(
    IRunStore runs, IOrchestrationClient client, IWorkerPool pool, PipelineOptions options, TimeProvider clock, ILogger<WorkerKeeper> log) : BackgroundService
{
    private const int AtOnce = 8;

    private readonly ConcurrentDictionary<string, bool> settled = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
            await Task.Delay(options.WorkerCheckInterval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Looks after every run once, several at a time and each within its limit: one whose pool answers slowly does not hold up the others.
    /// </summary>
    public Task KeepAsync(CancellationToken cancellation) => Parallel.ForEachAsync(
        runs.ListAsync(cancellation), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
        async (id, stop) =>
        {
            using var limit = new CancellationTokenSource(options.WorkerCheckLimit, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
            try
            {
                await KeepRunAsync(id, either.Token);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // One run's trouble is not the others'.
                LogRunFailed(e, id);
            }
        });

    private async Task KeepRunAsync(string id, CancellationToken cancellation)
    {
        var state = await client.GetAsync(id, cancellation);
        if (state is null || (state.IsFinished && settled.ContainsKey(id))) return;
        if (NeedsWorkers(state) && await runs.TryGetAsync(id, cancellation) is { } spec)
        {
            settled.TryRemove(id, out _);
            await pool.EnsureAsync(id, spec.ParseRecipe().Workers, cancellation);
            // The run may have ended meanwhile, its workers released before this brought them back.
            if (await client.GetAsync(id, cancellation) is { } now && NeedsWorkers(now)) return;
        }
        if (state.Status is OrchestrationStatus.Pending) return;
        if ((await pool.GetAsync(id, cancellation)).Workers.Count > 0) await pool.ReleaseAsync(id, cancellation);
        if (state.IsFinished) settled[id] = true;
    }

    // A run that has come to its end lets its workers go before its orchestration is finished.
    private static bool NeedsWorkers(OrchestrationState state) =>
        state.Status is OrchestrationStatus.Running && RunViewer.Read<RunProgress>(state)?.EndedAt is null;

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "Could not look after the workers; trying again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning, Message = "Could not look after the workers of run {Run}; trying again")]
    private partial void LogRunFailed(Exception exception, string run);
}
