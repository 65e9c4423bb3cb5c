using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Upkeep;

/// <summary>
/// Keeps workers in step with runs: a run that is active has its workers (after a restart of the host, for one), a finished or held one has
/// none. When a run has ended, it also has the engine forget the run's iterations, of which there may be thousands.
/// </summary>
/// <remarks>A background service; a host with timer triggers calls <see cref="KeepAsync"/> instead.</remarks>
/// <param name="runs">Where runs are kept.</param>
/// <param name="lister">Which of them there is something to do for.</param>
/// <param name="index">Where they are marked.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="pool">The workers.</param>
/// <param name="observers">Who tells others of the runs.</param>
/// <param name="options">How often to look.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">The log.</param>
public sealed partial class WorkerKeeper(
    IRunStore runs, RunLister lister, RunIndex index, IOrchestrationClient client, IWorkerPool pool, RunObservers observers,
        PipelineOptions options, TimeProvider clock, ILogger<WorkerKeeper> log)
    : BackgroundService
{
    // Iterations that are forgotten in one go; the rest follows at the next look.
    private const int MostForgotten = 200;

    private const int AtOnce = 8;

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
    /// Looks once after every run that is not finished, or that has left something behind: several at a time and each within its limit, so
    /// that one whose pool answers slowly does not hold up the others.
    /// </summary>
    public async Task KeepAsync(CancellationToken cancellation) => await Parallel.ForEachAsync(
        await lister.ActiveAsync(cancellation), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
        async (id, stop) =>
        {
            using var limit = new CancellationTokenSource(options.WorkerCheckLimit, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
            try
            {
                var ended = await KeepRunAsync(id, either.Token);
                // Alerts and trackers wait for others, and so come last; a run that has ended is looked at until all is sent.
                if (await observers.TellAsync(id, either.Token) && ended) await index.UnmarkAsync(id, cancellation);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // One run's trouble is not the others'.
                LogRunFailed(e, id);
            }
        });

    private async Task<bool> KeepRunAsync(string id, CancellationToken cancellation)
    {
        var state = await client.GetAsync(id, cancellation);
        if (state is null) return false;
        if (NeedsWorkers(state) && await runs.TryGetAsync(id, cancellation) is { } spec)
        {
            await pool.EnsureAsync(id, spec.ParseRecipe().Workers, cancellation);
            // The run may have ended meanwhile, its workers released before this brought them back.
            if (await client.GetAsync(id, cancellation) is { } now && NeedsWorkers(now)) return false;
        }
        if (state.Status is OrchestrationStatus.Pending) return false;
        if ((await pool.GetAsync(id, cancellation)).Workers.Count > 0) await pool.ReleaseAsync(id, cancellation);
        return state.IsFinished && await ForgetIterationsAsync(id, cancellation);
    }

    // Removes a finished run's iterations from the engine: their stages have their results, and nobody looks at them any more.
    // Returns whether none is left.
    private async Task<bool> ForgetIterationsAsync(string id, CancellationToken cancellation)
    {
        var iterations = new List<string>();
        await foreach (var instance in client.ListAsync(id + ":", cancellation: cancellation))
        {
            if (InstanceIds.IsIteration(instance.InstanceId)) iterations.Add(instance.InstanceId);
        }
        var gone = 0;
        await Parallel.ForEachAsync(iterations.Take(MostForgotten),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (iteration, stop) =>
        {
            if (await client.PurgeAsync(iteration, stop)) Interlocked.Increment(ref gone);
        });
        return gone == iterations.Count;
    }

    // A run that has come to its end lets its workers go before its orchestration is finished.
    private static bool NeedsWorkers(OrchestrationState state) =>
        state.Status is OrchestrationStatus.Running && RunViewer.Read<RunProgress>(state)?.EndedAt is null;

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "Could not look after the workers; trying again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning, Message = "Could not look after the workers of run {Run}; trying again")]
    private partial void LogRunFailed(Exception exception, string run);
}
