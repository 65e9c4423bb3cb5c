using System.Threading.Channels;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Activities;

/// <summary>Runs activities in the order of their requests, a limited number at a time.</summary>
/// <param name="concurrency">How many at a time.</param>
/// <param name="registry">Finds their code.</param>
/// <param name="services">Handed to the code.</param>
/// <param name="report">Takes an activity's result, given its request's number.</param>
/// <param name="logger">Gets failures and results that come too late.</param>
internal sealed class ActivityDispatcher(
    int concurrency, OrchestrationRegistry registry, IServiceProvider services, Action<ActivityWork, Func<int, HistoryEvent>> report,
        ILogger logger) : IDisposable
{
    private readonly Channel<ActivityWork> queue = Channel.CreateUnbounded<ActivityWork>();
    private readonly CancellationTokenSource stopping = new();
    private Task workers = Task.CompletedTask;

    /// <summary>Begins to run activities.</summary>
    public void Start() =>
        workers = Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));

    /// <summary>Queues an activity.</summary>
    public void Dispatch(ActivityWork work) => queue.Writer.TryWrite(work);

    /// <summary>
    /// Starts nothing more, cancels what runs and waits for it, but no longer than the given time. What did not finish runs again after the
    /// next start.
    /// </summary>
    public async Task StopAsync(TimeSpan patience)
    {
        await stopping.CancelAsync();
        await Task.WhenAny(workers, Task.Delay(patience, CancellationToken.None));
    }

    /// <inheritdoc/>
    public void Dispose() => stopping.Dispose();

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync(stopping.Token))
            {
                stopping.Token.ThrowIfCancellationRequested();
                await RunAsync(work);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private async Task RunAsync(ActivityWork work)
    {
        try
        {
            var result = HistoryJson.From(await registry.Activity(work.Name)(services, work.Input, stopping.Token));
            report(work, id => new TaskCompleted(id, result));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Not a result: it runs again.
        }
        catch (Exception error)
        {
            EngineLog.ActivityFailed(logger, work.Name, error);
            var failure = FailureDetails.From(error);
            report(work, id => new TaskFailed(id, failure));
        }
    }
}
