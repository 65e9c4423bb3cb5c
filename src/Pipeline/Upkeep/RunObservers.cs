using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Alerts;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tracking;

namespace R1Cloud.Pipeline.Upkeep;

/// <summary>Those who tell others of runs: alerts and trackers. Whatever goes wrong with them is written down and stops nothing.</summary>
public sealed partial class RunObservers
{
    private readonly IRunStore runs;
    private readonly ILogger<RunObservers> log;
    private readonly IReadOnlyList<Func<RunSpec, CancellationToken, Task<bool>>> all;

    internal RunObservers(IRunStore runs, RunAlerts alerts, RunTracking tracking, ILogger<RunObservers> log) =>
        (this.runs, this.log, all) = (runs, log, [alerts.KeepAsync, tracking.KeepAsync]);

    /// <summary>Tells what there is to tell of a run.</summary>
    /// <returns>Whether all is sent.</returns>
    public async Task<bool> TellAsync(string runId, CancellationToken cancellation)
    {
        if (await runs.TryGetAsync(runId, cancellation) is not { } run) return true;
        var told = await Task.WhenAll(all.Select(async tell =>
        {
            try
            {
                return await tell(run, cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                LogFailed(e, runId);
                return false;
            }
        }));
        return told.All(one => one);
    }

    [LoggerMessage(EventId = 1303, Level = LogLevel.Warning, Message = "Others could not be told of run {Run}; trying again")]
    private partial void LogFailed(Exception exception, string run);
}
